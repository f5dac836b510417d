from condcolor.watch import Watch


def test_the_lowest_score_is_the_best_and_patience_counts_from_it():
    watch = Watch()
    seen = [watch.see(step, score) for step, score in enumerate((3.0, 2.0, 2.5, 2.0, 2.1))]
    assert seen == [True, True, False, False, False]
    assert (watch.step, watch.score, watch.worse, watch.last) == (1, 2.0, 3, 4)
    assert [watch.is_over(patience) for patience in (4, 3, 2)] == [False, True, True]
    assert watch.see(5, 1.9)
    assert not watch.is_over(1)


def test_no_patience_never_ends():
    watch = Watch()
    for step in range(100):
        watch.see(step, float(step))
    assert not watch.is_over(0)


def test_what_is_no_number_is_never_the_best():
    watch = Watch()
    assert not watch.see(0, float("nan"))
    assert watch.step is None
    assert watch.see(1, 5.0)
    assert not watch.see(2, float("nan"))
    assert watch.step == 1
