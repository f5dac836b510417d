import threading
import time

import pytest

from condcolor.feeding import ahead


def test_results_come_in_order():
    assert list(ahead(lambda n: n * n, range(50))) == [n * n for n in range(50)]
    assert list(ahead(str, [])) == []


def test_work_is_done_before_it_is_asked_for_but_not_much():
    made = []
    feed = ahead(lambda n: made.append(n) or n, range(50), depth=2)
    assert next(feed) == 0
    time.sleep(0.3)
    assert 2 <= len(made) <= 5
    feed.close()


def test_a_fault_is_raised_where_its_result_would_have_come():
    def fail(n):
        if n == 2:
            raise ValueError("two")
        return n

    feed = ahead(fail, range(5))
    assert [next(feed), next(feed)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(feed)


def test_a_feed_that_is_left_ends_its_thread():
    before = threading.active_count()
    feed = ahead(lambda n: n, range(1000))
    next(feed)
    assert threading.active_count() == before + 1
    feed.close()
    assert threading.active_count() == before
