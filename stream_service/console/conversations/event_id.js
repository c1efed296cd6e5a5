// The order of updates by their ids: `<milliseconds>-<sequence>`, as the stream that they come from numbers them.

/** Negative, zero or positive, as for a sort; an empty id is older than all others. */
export function compareEventIds(one, other) {
  const [oneMs, oneSequence] = parts(one);
  const [otherMs, otherSequence] = parts(other);
  return oneMs - otherMs || oneSequence - otherSequence;
}

/** Whether something known by `one` is to give way to what `other` says. */
export function isOlder(one, other) {
  return compareEventIds(one, other) < 0;
}

function parts(id) {
  const [milliseconds, sequence] = (id || "-1-0").split(/(?!^)-/, 2);
  return [Number(milliseconds), Number(sequence ?? 0)];
}
