from training.corpus import LabelledPost
from training.rehearsal import rehearsed


def posts(file: str, threads: int) -> list[LabelledPost]:
    return [LabelledPost(f"{file}-{n}", f"{file}-t{n // 2}", "", "", "text") for n in range(2 * threads)]


def test_new_files_are_learned_whole_and_of_the_others_a_share_of_the_threads():
    found = rehearsed([*posts("aa", 200), *posts("zz", 50)], ["zz"], 0.3)
    old = [post for post in found if post.id.startswith("aa")]
    assert len(found) - len(old) == 100
    assert 80 < len(old) < 160
    assert all(sum(other.thread == post.thread for other in old) == 2 for post in old)


def test_another_seed_rehearses_others():
    first, second = (rehearsed(posts("aa", 100), [], 0.3, seed) for seed in (1, 2))
    assert first != second
    assert first == rehearsed(posts("aa", 100), [], 0.3, 1)
