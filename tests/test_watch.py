from condcolor.watch import Watch


def test_the_lowest_score_is_the_best_and_patience_counts_from_it():
    watch = Watch()
    seen = [watch.see(v, step=i, epoch=i // 2) for i, v in enumerate((3.0, 2.0, 2.5, 2.0, 2.1))]
    assert seen == [True, True, False, False, False]
    assert (watch.step, watch.epoch, watch.figure, watch.worse) == (1, 0, 2.0, 3)
    assert [watch.is_over(patience) for patience in (4, 3, 2)] == [False, True, True]
    assert watch.see(1.9, step=5, epoch=2)
    assert not watch.is_over(1)


def test_no_patience_never_ends():
    watch = Watch()
    for step in range(100):
        watch.see(float(step), step=step, epoch=0)
    assert not watch.is_over(0)


def test_what_is_no_number_is_never_the_best():
    watch = Watch()
    assert not watch.see(float("nan"), step=0, epoch=0)
    assert watch.step is None
    assert watch.see(5.0, step=1, epoch=0)
    assert not watch.see(float("nan"), step=2, epoch=0)
    assert watch.step == 1
