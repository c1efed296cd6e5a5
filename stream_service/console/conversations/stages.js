// The stages of an answer as lengths on one line: which comes after which, and what share each has. No DOM.

/** From a caller's last word to the first sound of the answer, in order. */
const SPOKEN = ["endpoint", "transcript", "context", "reply", "speech"];
/** From the moment a written message is taken up until its answer is sent, in order. */
const WRITTEN = ["context", "routing", "model_first_piece", "tools"];
/** Part of another stage, or of the time before: told, but not drawn on the line. */
const INSIDE_SPOKEN = ["routing", "model_first_piece", "tools"];

/**
 * What is known of an answer's time, or null when nothing is.
 *
 * `rows` are `{stage, ms, startShare, share}` in order of time, shares from 0 to 1 of `totalMs`; `inside` are
 * `{stage, ms}` of what happened within them.
 */
export function stageLine(stagesMs) {
  const known = stagesMs ?? {};
  if (Object.keys(known).length === 0) {
    return null;
  }
  return "total" in known ? written(known) : spoken(known);
}

function spoken(known) {
  const drawn = SPOKEN.filter((stage) => stage in known).map((stage) => ({ stage, ms: known[stage] }));
  const inside = INSIDE_SPOKEN.filter((stage) => known[stage] > 0).map((stage) => ({ stage, ms: known[stage] }));
  const totalMs = known.first_audio ?? sum(drawn);
  return { isSpoken: true, totalMs, rows: placed(drawn, Math.max(totalMs, sum(drawn))), inside };
}

function written(known) {
  const drawn = WRITTEN.filter((stage) => stage in known).map((stage) => ({ stage, ms: known[stage] }));
  const restMs = known.total - sum(drawn);
  if (restMs > 0) {
    drawn.push({ stage: "rest", ms: restMs });
  }
  return { isSpoken: false, totalMs: known.total, rows: placed(drawn, Math.max(known.total, sum(drawn))), inside: [] };
}

function placed(stages, wholeMs) {
  let passedMs = 0;
  return stages.map(({ stage, ms }) => {
    const startShare = wholeMs ? passedMs / wholeMs : 0;
    passedMs += ms;
    return { stage, ms, startShare, share: wholeMs ? ms / wholeMs : 0 };
  });
}

function sum(stages) {
  return stages.reduce((whole, { ms }) => whole + ms, 0);
}
