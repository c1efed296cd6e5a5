// The latest replies of agents, and what they tell: how long each stage took, what the models cost.

const CONVERSATIONS = 12;
const MESSAGES = 30;
const AT_ONCE = 4;
const WRITING = ["context", "routing", "model_first_piece", "tools", "reply"];
export const VOICE_STAGES = ["endpoint", "transcript", ...WRITING, "speech", "first_audio"];
export const TEXT_STAGES = [...WRITING, "total"];

/** Replies of the latest conversations, each with the channel that it went to. */
export async function readReplies(api) {
  const { items: conversations } = await api.get("/conversations", { limit: CONVERSATIONS });
  const waiting = [...conversations];
  const replies = [];
  async function work() {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const { items } = await api.get(`/conversations/${one.id}/messages`, { limit: MESSAGES });
      const spoken = items.filter(({ speaker }) => speaker === "agent");
      replies.push(...spoken.map((message) => ({ ...message, channel: one.channel })));
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return replies;
}

/** Of each stage that occurred, in the order of `stages`: {stage, count, typicalMs, slowMs}. */
export function latencies(replies, stages) {
  return stages
    .map((stage) => [stage, replies.map((reply) => reply.stages_ms[stage]).filter(Number.isFinite)])
    .filter(([, taken]) => taken.length > 0)
    .map(([stage, taken]) => ({
      stage,
      count: taken.length,
      typicalMs: quantile(taken, 0.5),
      slowMs: quantile(taken, 0.95),
    }));
}

/** The smallest value that so much of all values do not exceed. */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** By model: {model, replies, input, output, cost}; the cost is in dollars, null where one price is not known. */
export function costsByModel(replies) {
  const models = new Map();
  for (const { usage } of replies.filter((reply) => reply.usage !== null)) {
    const sum = models.get(usage.model) ?? { model: usage.model, replies: 0, input: 0, output: 0, cost: 0 };
    sum.replies += 1;
    sum.input += usage.input_tokens;
    sum.output += usage.output_tokens;
    sum.cost = sum.cost === null || usage.cost_microusd === null ? null : sum.cost + usage.cost_microusd / 1e6;
    models.set(usage.model, sum);
  }
  return [...models.values()].sort((one, other) => other.replies - one.replies);
}
