"""Remembered rows of any kind, for property-based tests."""

from hypothesis import strategies as st

from workers.reconcile.known import ID_BYTES, RAW_BYTES, Known
from workers.reconcile.parts import PART_BYTES, PARTS

digests = st.binary(min_size=PART_BYTES, max_size=PART_BYTES)
knowns = st.builds(
    Known,
    id=st.binary(min_size=ID_BYTES, max_size=ID_BYTES),
    raw=st.binary(min_size=RAW_BYTES, max_size=RAW_BYTES),
    time=st.integers(-(1 << 46), 1 << 46),
    rank=st.integers(0, 6),
    revision=st.integers(0, 1 << 40),
    unreadable=st.booleans(),
    silent=st.booleans(),
    stood=st.booleans(),
    parts=st.dictionaries(st.sampled_from(PARTS), digests),
)
