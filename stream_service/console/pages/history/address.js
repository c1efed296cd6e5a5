// What is searched for, as it stands in the page's address. No DOM.

export const KINDS = ["conversations", "calls"];
const FIELDS = ["q", "channel", "agent_id", "user_id", "from", "to", "status"];
const STATUSES = new Set(["open", "human", "closed"]);
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const LONGEST = 200;

/** The wishes in an address such as `kind=calls&q=fee`; what makes no sense is left out. */
export function wishesFrom(search) {
  const stated = new URLSearchParams(search);
  const wishes = { kind: KINDS.includes(stated.get("kind")) ? stated.get("kind") : KINDS[0] };
  for (const field of FIELDS) {
    const value = (stated.get(field) ?? "").trim().slice(0, LONGEST);
    wishes[field] = isSensible(field, value) ? value : "";
  }
  return wishes;
}

/** The other way round; nothing for what is not wished. */
export function addressOf(wishes) {
  const stated = new URLSearchParams();
  if (wishes.kind !== KINDS[0]) {
    stated.set("kind", wishes.kind);
  }
  for (const field of FIELDS) {
    if (wishes[field]) {
      stated.set(field, wishes[field]);
    }
  }
  return stated.toString();
}

/** The API's filters. Days are whole days where the reader is: until the end of the last one. */
export function filtersOf(wishes) {
  const { kind, from, to, ...others } = wishes;
  return given({
    ...others,
    user_id: others.user_id.replace(/^\+/, ""),
    from: from && startOfDay(from, 0),
    to: to && startOfDay(to, 1),
  });
}

/** How many wishes there are beside the kind. */
export function countWishes(wishes) {
  return FIELDS.filter((field) => wishes[field]).length;
}

function isSensible(field, value) {
  if (field === "from" || field === "to") {
    return DAY.test(value) && !Number.isNaN(Date.parse(value));
  }
  return field === "status" ? STATUSES.has(value) : true;
}

function startOfDay(day, daysLater) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}

function given(filters) {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
}
