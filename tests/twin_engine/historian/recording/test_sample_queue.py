from __future__ import annotations

from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.historian.recording.sample_queue import SampleQueue


def frame(*values: float) -> Frame:
    return Frame.of([0] * len(values), values, 0, 0)


def values(queue: SampleQueue) -> list[float]:
    return [value for block in queue.waiting() for value in block.value.tolist()]


def test_a_block_stays_readable_until_it_is_done():
    queue = SampleQueue(100)
    queue.add(frame(1, 2))
    queue.add(frame(3))
    queue.add(frame(4))
    block = queue.take(3)
    assert block.value.tolist() == [1, 2, 3]
    assert values(queue) == [1, 2, 3, 4]
    queue.done(block)
    assert values(queue) == [4]
    assert queue.rows == 1


def test_a_block_that_could_not_be_written_comes_again():
    queue = SampleQueue(100)
    queue.add(frame(1, 2))
    assert queue.take(10).value.tolist() == [1, 2]
    queue.add(frame(3))
    assert queue.take(10).value.tolist() == [1, 2, 3]


def test_overflow_drops_the_oldest_even_out_of_the_middle_of_a_frame():
    queue = SampleQueue(4)
    assert queue.add(frame(1, 2, 3)) == 0
    assert queue.add(frame(4, 5, 6)) == 2
    assert values(queue) == [3, 4, 5, 6]
    assert (queue.rows, queue.dropped) == (4, 2)


def test_a_block_that_was_shortened_while_it_was_being_written_stays():
    queue = SampleQueue(3)
    queue.add(frame(1, 2, 3))
    block = queue.take(10)
    queue.add(frame(4))
    queue.done(block)  # 2 and 3 are written again: the database replaces what it has
    assert values(queue) == [2, 3, 4]
    assert queue.rows == 3


def test_one_frame_larger_than_the_queue_leaves_its_newest_samples():
    queue = SampleQueue(2)
    queue.add(frame(1, 2, 3, 4))
    assert values(queue) == [3, 4]
