"""What may happen to recordings, and how they come back: the references of restored calls are checked on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from local.restore_drill.bucket import VersionedBucket
from local.restore_drill.steps import Step

_MOST_NAMED = 3


def lose_and_restore(bucket: VersionedBucket, keys: Mapping[str, str], step: Step) -> str | None:
    """Overwrite one recording, delete a second, delete a third with all its versions; returns the second's call.

    `keys` are what the restored database says about each call.
    """
    missing = bucket.missing(keys)
    step.expect(
        f"all {len(keys)} recordings that restored calls refer to are in the bucket",
        is_so=not missing,
        otherwise=f"the recordings of {', '.join(missing[:_MOST_NAMED])} are not in the bucket",
    )
    step.expect("the bucket keeps versions", is_so=bucket.keeps_versions, otherwise="the bucket keeps no versions")
    if len(keys) < _MOST_NAMED:
        step.problems.append(f"only {len(keys)} recordings: write for longer")
        return None
    overwritten, deleted, gone = list(keys)[:_MOST_NAMED]
    before = {call_sid: bucket.read(keys[call_sid]) for call_sid in (overwritten, deleted)}
    until = datetime.now(UTC)
    bucket.overwrite(keys[overwritten], b"noise")
    bucket.delete(keys[deleted])
    bucket.delete_for_ever(keys[gone])
    missing = bucket.missing(keys)
    step.expect(
        f"those that are missing are named: {', '.join(missing)}",
        is_so=missing == [deleted, gone],
        otherwise=f"named as missing: {missing}; deleted were {[deleted, gone]}",
    )
    # Twice, as after a kill.
    restored = [[bucket.restore(keys[call_sid], until=until) for call_sid in before] for _ in range(2)]
    is_back = all(bucket.read(keys[call_sid]) == content for call_sid, content in before.items())
    step.expect(
        "an overwritten and a deleted one are back from their earlier versions, byte for byte",
        is_so=is_back and restored == [[True, True]] * 2,
        otherwise="an overwritten or deleted recording did not come back from its earlier version",
    )
    step.expect(
        f"one whose versions are gone is told: {gone}",
        is_so=not bucket.restore(keys[gone], until=until) and bucket.missing(keys) == [gone],
        otherwise=f"{gone} has no version left, and that is not told",
    )
    return deleted
