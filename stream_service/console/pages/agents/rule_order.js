// Priorities that put routing rules into a wished order, with as few changes as possible.

export const HIGHEST_PRIORITY = 1000;
export const LOWEST_PRIORITY = -1000;

/**
 * The changes that move one rule to another place.
 *
 * `rules` are in the order in which they are tried, the highest priority first; rules of kind default are not among
 * them. Returns [{rule, priority}], or null where the range of priorities has no room.
 */
export function changesForMove(rules, from, to) {
  const order = [...rules];
  const [moved] = order.splice(from, 1);
  order.splice(to, 0, moved);
  const ways = [raised(order, to), lowered(order, to)].filter((way) => way.every(({ priority }) => isAllowed(priority)));
  return ways.length ? ways.reduce((best, way) => (way.length < best.length ? way : best)) : null;
}

/** Put above the one that follows; those before it make room upwards. */
function raised(order, place) {
  const priorities = order.map((rule) => rule.priority);
  const below = priorities[place + 1];
  priorities[place] = below === undefined ? priorities[place - 1] - 1 : below + 1;
  for (let above = place - 1; above >= 0 && priorities[above] <= priorities[above + 1]; above -= 1) {
    priorities[above] = priorities[above + 1] + 1;
  }
  return changed(order, priorities);
}

/** Put below the one that comes before; those behind it make room downwards. */
function lowered(order, place) {
  const priorities = order.map((rule) => rule.priority);
  const above = priorities[place - 1];
  priorities[place] = above === undefined ? priorities[place + 1] + 1 : above - 1;
  for (let below = place + 1; below < order.length && priorities[below] >= priorities[below - 1]; below += 1) {
    priorities[below] = priorities[below - 1] - 1;
  }
  return changed(order, priorities);
}

function changed(order, priorities) {
  return order
    .map((rule, place) => ({ rule, priority: priorities[place] }))
    .filter(({ rule, priority }) => rule.priority !== priority);
}

function isAllowed(priority) {
  return priority >= LOWEST_PRIORITY && priority <= HIGHEST_PRIORITY;
}
