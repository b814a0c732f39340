"""What every queue must do. A test file derives from ``QueueContract`` and gives a fixture ``queue``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.errors import NoSuchThingError, TransitionError
from daemon.job import NewJob, State
from hooks.model import Cause, Change, ChangeKind

if TYPE_CHECKING:
    from daemon.job import Job
    from daemon.queue.port import Queue


def change(
    path: str = "src/a.ts", kind: ChangeKind = ChangeKind.MODIFIED, sha256: str | None = "1", **more: Any
) -> Change:
    return Change(path=path, kind=kind, cause=more.pop("cause", Cause.EDIT), sha256=sha256, **more)


def new(*changes: Change, **more: Any) -> NewJob:
    values: dict[str, Any] = {"workspace": "/w", "hook": "review", "hook_digest": "d1", "max_failures": 3, **more}
    return NewJob(changes=changes or (change(),), **values)


def add(queue: Queue, *jobs: NewJob, now: float = 0.0) -> list[Job]:
    return queue.add(jobs, now=now)


def claim(queue: Queue, now: float = 0.0, **more: Any) -> Job:
    job = queue.claim(now=now, lease=60.0, **more)
    assert job is not None
    return job


class QueueContract:
    def test_a_job_comes_out_as_it_went_in(self, queue: Queue) -> None:
        odd = change("src/\udcff\u202e \n'.ts", ChangeKind.CREATED, cause=Cause.CATCH_UP, empty=True)
        gone = change("b", ChangeKind.DELETED, None)
        (stored,) = add(queue, new(odd, gone, workspace="/w/\udcfe", hook="hook 'x'", together=True), now=5.0)
        assert stored == queue.get(stored.id)
        assert (stored.workspace, stored.hook, stored.changes) == ("/w/\udcfe", "hook 'x'", (odd, gone))
        assert (stored.state, stored.attempt, stored.failures, stored.max_failures) == (State.WAITING, 0, 0, 3)
        assert (stored.created, stored.updated, stored.token, stored.lease_until) == (5.0, 5.0, None, None)

    def test_jobs_are_claimed_oldest_first_each_once(self, queue: Queue) -> None:
        ids = [job.id for job in add(queue, *(new(change(path)) for path in "abc"))]
        assert [claim(queue).id for _ in ids] == ids
        assert queue.claim(now=0.0, lease=60.0) is None

    def test_a_claim_carries_attempt_token_and_lease(self, queue: Queue) -> None:
        add(queue, new())
        first = claim(queue, now=10.0)
        assert (first.state, first.attempt, first.lease_until, first.updated) == (State.RUNNING, 1, 70.0, 10.0)
        assert first.token
        queue.put_back(first, now=11.0)
        second = claim(queue, now=12.0)
        assert (second.attempt, second.token != first.token) == (2, True)

    def test_a_job_is_not_claimed_before_its_time(self, queue: Queue) -> None:
        add(queue, new(not_before=50.0))
        assert queue.claim(now=49.9, lease=60.0) is None
        assert claim(queue, now=50.0).attempt == 1

    def test_one_that_is_due_passes_an_older_one_that_is_not(self, queue: Queue) -> None:
        later, now = add(queue, new(change("a"), not_before=50.0), new(change("b")))
        assert claim(queue).id == now.id
        assert claim(queue, now=50.0).id == later.id

    def test_jobs_of_one_file_run_one_after_the_other_whatever_the_hook(self, queue: Queue) -> None:
        first, second, other = add(queue, new(), new(hook="docs"), new(change("b")))
        running = claim(queue)
        assert running.id == first.id
        assert claim(queue).id == other.id
        assert queue.claim(now=0.0, lease=60.0) is None
        queue.succeed(running, now=1.0)
        assert claim(queue, now=1.0).id == second.id

    def test_one_shared_path_of_many_keeps_two_jobs_apart(self, queue: Queue) -> None:
        add(
            queue,
            new(change("a"), change("b"), together=True),
            new(change("b"), change("c"), hook="docs", together=True),
        )
        claim(queue)
        assert queue.claim(now=0.0, lease=60.0) is None

    def test_the_same_path_of_two_workspaces_is_two_files(self, queue: Queue) -> None:
        add(queue, new(), new(workspace="/v"))
        assert {claim(queue).workspace, claim(queue).workspace} == {"/w", "/v"}

    def test_jobs_about_no_file_do_not_wait_for_each_other(self, queue: Queue) -> None:
        bare = NewJob(workspace="/w", hook="nightly", hook_digest="d", changes=(), max_failures=1)
        add(queue, bare, NewJob(workspace="/w", hook="weekly", hook_digest="d", changes=(), max_failures=1))
        assert {claim(queue).hook, claim(queue).hook} == {"nightly", "weekly"}

    def test_paused_workspaces_are_passed_over(self, queue: Queue) -> None:
        add(queue, new(), new(workspace="/v"), new(workspace="/u"))
        assert claim(queue, paused=["/w", "/v"]).workspace == "/u"
        assert queue.claim(now=0.0, lease=60.0, paused={"/w", "/v"}) is None

    def test_a_claim_can_be_kept_to_certain_jobs(self, queue: Queue) -> None:
        first, second, third = add(queue, *(new(change(path)) for path in "abc"))
        assert queue.claim(now=0.0, lease=60.0, only=[]) is None
        assert claim(queue, only=range(second.id, 200_000)).id == second.id
        assert claim(queue, only={first.id, second.id}).id == first.id
        assert queue.claim(now=0.0, lease=60.0, only=[first.id, second.id]) is None
        assert claim(queue).id == third.id

    def test_all_jobs_of_one_call_are_stored_or_none(self, queue: Queue) -> None:
        def broken() -> Any:
            yield new()
            raise RuntimeError("the source broke")

        before = queue.jobs()
        with pytest.raises(RuntimeError):
            queue.add(broken(), now=0.0)
        assert queue.jobs() == before

    # --- coalescing

    def test_a_newer_job_takes_the_place_of_a_waiting_one(self, queue: Queue) -> None:
        (older,) = add(queue, new(change(sha256="1")))
        (newer,) = add(queue, new(change(sha256="2"), hook_digest="d2"), now=3.0)
        older = queue.get(older.id)
        assert (older.state, older.superseded_by, older.updated) == (State.SUPERSEDED, newer.id, 3.0)
        assert claim(queue, now=3.0).changes == (change(sha256="2"),)
        assert queue.claim(now=3.0, lease=60.0) is None

    def test_coalescing_is_by_workspace_hook_and_path(self, queue: Queue) -> None:
        add(queue, new(), new(workspace="/v"), new(hook="docs"), new(change("b")))
        assert queue.counts()[State.WAITING] == 4

    def test_two_of_one_call_coalesce_too(self, queue: Queue) -> None:
        older, newer = add(queue, new(change(sha256="1")), new(change(sha256="2")))
        assert (older.state, newer.state) == (State.SUPERSEDED, State.WAITING)

    def test_jobs_that_may_not_coalesce_neither_give_nor_take(self, queue: Queue) -> None:
        add(queue, new(coalesce=False), new(coalesce=False), new(), new(coalesce=False))
        assert queue.counts()[State.WAITING] == 4

    def test_a_running_job_is_not_superseded(self, queue: Queue) -> None:
        add(queue, new())
        running = claim(queue)
        (newer,) = add(queue, new(change(sha256="2")))
        assert queue.get(running.id).state is State.RUNNING
        queue.succeed(running, now=1.0)
        assert claim(queue, now=1.0).id == newer.id

    def test_a_creation_that_has_not_run_stays_a_creation(self, queue: Queue) -> None:
        add(queue, new(change(kind=ChangeKind.CREATED, sha256="1")))
        (newer,) = add(queue, new(change(kind=ChangeKind.MODIFIED, sha256="2", cause=Cause.CHECKOUT)))
        assert newer.changes == (change(kind=ChangeKind.CREATED, sha256="2", cause=Cause.CHECKOUT),)

    def test_the_first_content_of_a_new_file_is_not_forgotten(self, queue: Queue) -> None:
        add(queue, new(change(sha256="1", first_content=True)))
        (newer,) = add(queue, new(change(sha256="2")))
        assert newer.changes == (change(sha256="2", first_content=True),)

    def test_a_deletion_wins_over_a_creation(self, queue: Queue) -> None:
        add(queue, new(change(kind=ChangeKind.CREATED)))
        (newer,) = add(queue, new(change(kind=ChangeKind.DELETED, sha256=None)))
        assert newer.changes[0].kind is ChangeKind.DELETED

    def test_a_creation_that_has_run_is_a_modification_the_next_time(self, queue: Queue) -> None:
        add(queue, new(change(kind=ChangeKind.CREATED)))
        queue.succeed(claim(queue), now=1.0)
        (newer,) = add(queue, new(change(sha256="2")), now=2.0)
        assert newer.changes[0].kind is ChangeKind.MODIFIED

    def test_together_takes_over_the_changes_newest_per_path(self, queue: Queue) -> None:
        add(queue, new(change("a", sha256="1"), change("b", ChangeKind.CREATED, "1"), together=True))
        (newer,) = add(queue, new(change("b", sha256="2"), change("c", sha256="2"), together=True))
        assert newer.changes == (
            change("a", sha256="1"),
            change("b", ChangeKind.CREATED, "2"),
            change("c", sha256="2"),
        )

    def test_together_and_each_never_meet(self, queue: Queue) -> None:
        add(queue, new(together=True), new())
        assert queue.counts()[State.WAITING] == 2

    def test_together_waits_no_longer_than_the_first_bound(self, queue: Queue) -> None:
        add(queue, new(change("a"), together=True, not_before=10.0, not_after=20.0))
        add(queue, new(change("b"), together=True, not_before=18.0, not_after=28.0), now=8.0)
        (last,) = add(queue, new(change("c"), together=True, not_before=26.0, not_after=36.0), now=16.0)
        assert last.not_before == 20.0
        assert len(claim(queue, now=20.0).changes) == 3

    def test_one_path_twice_in_a_job_is_one_change(self, queue: Queue) -> None:
        (job,) = add(queue, new(change(kind=ChangeKind.CREATED, sha256="1"), change(sha256="2"), together=True))
        assert job.changes == (change(kind=ChangeKind.CREATED, sha256="2"),)

    # --- the ways a run ends

    def test_success_is_final_and_frees_the_file(self, queue: Queue) -> None:
        add(queue, new(), new(hook="docs"))
        done = queue.succeed(claim(queue), now=4.0)
        assert (done.state, done.token, done.lease_until, done.updated) == (State.SUCCEEDED, None, None, 4.0)
        assert claim(queue, now=4.0).hook == "docs"

    def test_a_failure_waits_and_then_is_tried_again(self, queue: Queue) -> None:
        add(queue, new())
        waiting = queue.back_off(claim(queue), now=1.0, until=30.0, reason="the agent said no")
        assert (waiting.state, waiting.failures, waiting.not_before) == (State.WAITING, 1, 30.0)
        assert waiting.reason == "the agent said no"
        assert queue.claim(now=29.0, lease=60.0) is None
        again = claim(queue, now=30.0)
        assert (again.attempt, again.failures, again.reason) == (2, 1, "the agent said no")

    def test_failures_used_up_make_a_dead_letter(self, queue: Queue) -> None:
        add(queue, new(max_failures=2))
        queue.back_off(claim(queue), now=0.0, until=0.0, reason="one")
        dead = queue.back_off(claim(queue), now=0.0, until=0.0, reason="two")
        assert (dead.state, dead.failures, dead.reason) == (State.FAILED, 2, "two")
        assert queue.claim(now=99.0, lease=60.0) is None

    def test_a_failure_beside_a_newer_job_gives_way_to_it(self, queue: Queue) -> None:
        add(queue, new(change(kind=ChangeKind.CREATED)))
        running = claim(queue)
        (newer,) = add(queue, new(change(sha256="2")))
        older = queue.back_off(running, now=1.0, until=30.0, reason="no")
        assert (older.state, older.superseded_by) == (State.SUPERSEDED, newer.id)
        assert claim(queue, now=1.0).changes == (change(kind=ChangeKind.CREATED, sha256="2"),)

    def test_a_stopped_together_job_leaves_its_paths_to_the_newer_one(self, queue: Queue) -> None:
        add(queue, new(change("a"), change("b"), together=True))
        running = claim(queue)
        add(queue, new(change("b", sha256="2"), together=True))
        assert queue.put_back(running, now=1.0).state is State.SUPERSEDED
        assert [each.path for each in claim(queue, now=1.0).changes] == ["a", "b"]

    def test_a_stopped_run_counts_no_failure(self, queue: Queue) -> None:
        add(queue, new(max_failures=1))
        for attempt in range(1, 4):
            waiting = queue.put_back(claim(queue), now=1.0, reason="stopped")
            assert (waiting.state, waiting.failures, waiting.attempt) == (State.WAITING, 0, attempt)

    def test_put_back_may_wait(self, queue: Queue) -> None:
        add(queue, new())
        assert queue.put_back(claim(queue), now=1.0, until=9.0).not_before == 9.0
        assert queue.claim(now=8.0, lease=60.0) is None

    def test_fail_is_a_dead_letter_at_once(self, queue: Queue) -> None:
        add(queue, new())
        dead = queue.fail(claim(queue), now=1.0, reason="timed out")
        assert (dead.state, dead.reason) == (State.FAILED, "timed out")
        assert queue.last_finished(workspace="/w", hook="review", path="src/a.ts") == 1.0

    def test_retry_puts_a_dead_letter_back_with_its_failures_forgotten(self, queue: Queue) -> None:
        add(queue, new(max_failures=1))
        dead = queue.back_off(claim(queue), now=1.0, until=9.0, reason="no")
        again = queue.retry(dead.id, now=2.0)
        assert (again.state, again.failures, again.attempt, again.not_before) == (State.WAITING, 0, 1, 2.0)
        assert claim(queue, now=2.0).attempt == 2

    def test_retry_beside_a_newer_waiting_job_gives_way(self, queue: Queue) -> None:
        add(queue, new())
        dead = queue.fail(claim(queue), now=1.0, reason="no")
        (newer,) = add(queue, new(change(sha256="2")))
        assert queue.retry(dead.id, now=2.0).superseded_by == newer.id
        assert queue.counts()[State.WAITING] == 1

    def test_retry_of_the_newer_takes_the_older_ones_place(self, queue: Queue) -> None:
        add(queue, new(change(sha256="1")))
        older = queue.fail(claim(queue), now=1.0, reason="no")
        add(queue, new(change(sha256="2")), now=1.0)
        newer = queue.fail(claim(queue, now=1.0), now=1.0, reason="no")
        queue.retry(older.id, now=2.0)
        assert queue.retry(newer.id, now=3.0).state is State.WAITING
        assert queue.get(older.id).superseded_by == newer.id

    def test_a_cancelled_job_is_never_run(self, queue: Queue) -> None:
        (job,) = add(queue, new())
        assert queue.cancel(job.id, now=1.0).state is State.CANCELLED
        assert queue.claim(now=2.0, lease=60.0) is None

    def test_cancelling_a_running_job_voids_its_claim_and_frees_its_file(self, queue: Queue) -> None:
        add(queue, new(), new(hook="docs"))
        running = claim(queue)
        queue.cancel(running.id, now=1.0)
        with pytest.raises(TransitionError):
            queue.succeed(running, now=2.0)
        assert queue.get(running.id).state is State.CANCELLED
        assert claim(queue, now=2.0).hook == "docs"

    def test_what_belongs_to_a_hook_that_is_no_more_is_cancelled_while_it_waits(self, queue: Queue) -> None:
        add(queue, new())
        running = claim(queue)
        waiting, other, elsewhere = add(queue, new(), new(hook="docs"), new(workspace="/v"))
        gone = queue.cancel_where(workspace="/w", hook="review", now=1.0, reason="the hook is gone")
        assert [job.id for job in gone] == [waiting.id]
        assert (gone[0].state, gone[0].reason) == (State.CANCELLED, "the hook is gone")
        assert queue.get(running.id).state is State.RUNNING
        assert [job.id for job in queue.cancel_where(workspace="/w", now=2.0, reason="")] == [other.id]
        assert queue.get(elsewhere.id).state is State.WAITING

    def test_a_job_held_back_waits_longer_and_says_why(self, queue: Queue) -> None:
        (job,) = add(queue, new(not_before=5.0))
        held = queue.hold_back(job.id, until=100.0, reason="over budget")
        assert (held.state, held.not_before, held.reason) == (State.WAITING, 100.0, "over budget")
        assert queue.hold_back(job.id, until=50.0, reason="over budget").not_before == 100.0
        assert queue.claim(now=99.0, lease=60.0) is None
        assert claim(queue, now=100.0).id == job.id

    # --- guards

    @pytest.mark.parametrize("call", ["renew", "succeed", "back_off", "put_back", "fail"])
    def test_an_old_claim_changes_nothing(self, queue: Queue, call: str) -> None:
        add(queue, new())
        old = claim(queue)
        queue.put_back(old, now=1.0)
        newest = claim(queue, now=1.0)
        arguments: dict[str, dict[str, Any]] = {
            "renew": {"until": 99.0},
            "back_off": {"now": 2.0, "until": 9.0, "reason": ""},
            "fail": {"now": 2.0, "reason": ""},
        }
        with pytest.raises(TransitionError):
            getattr(queue, call)(old, **arguments.get(call, {"now": 2.0}))
        assert queue.get(newest.id) == newest

    @pytest.mark.parametrize("call", ["succeed", "put_back"])
    def test_a_job_that_does_not_run_cannot_end(self, queue: Queue, call: str) -> None:
        (job,) = add(queue, new())
        with pytest.raises(TransitionError):
            getattr(queue, call)(job, now=1.0)
        assert queue.get(job.id) == job

    def test_only_dead_letters_can_be_retried(self, queue: Queue) -> None:
        (job,) = add(queue, new())
        with pytest.raises(TransitionError):
            queue.retry(job.id, now=1.0)
        queue.succeed(claim(queue), now=1.0)
        with pytest.raises(TransitionError):
            queue.retry(job.id, now=1.0)

    def test_what_has_ended_cannot_be_cancelled_or_held_back(self, queue: Queue) -> None:
        add(queue, new())
        done = queue.succeed(claim(queue), now=1.0)
        with pytest.raises(TransitionError):
            queue.cancel(done.id, now=2.0)
        with pytest.raises(TransitionError):
            queue.hold_back(done.id, until=9.0, reason="")
        assert queue.get(done.id) == done

    @pytest.mark.parametrize("call", ["get", "cancel", "retry"])
    def test_an_unknown_number_is_said_to_be_unknown(self, queue: Queue, call: str) -> None:
        with pytest.raises(NoSuchThingError):
            getattr(queue, call)(4711, **({} if call == "get" else {"now": 0.0}))

    # --- leases

    def test_renewing_moves_the_lease(self, queue: Queue) -> None:
        add(queue, new())
        running = claim(queue)
        queue.renew(running, until=500.0)
        assert queue.rescue(now=400.0) == []
        assert [job.id for job in queue.rescue(now=501.0)] == [running.id]

    def test_a_job_whose_lease_is_over_is_put_back_and_its_claim_void(self, queue: Queue) -> None:
        add(queue, new())
        running = claim(queue)
        (back,) = queue.rescue(now=61.0)
        assert (back.id, back.state, back.attempt, back.failures) == (running.id, State.WAITING, 1, 0)
        with pytest.raises(TransitionError):
            queue.succeed(running, now=62.0)
        assert claim(queue, now=62.0).attempt == 2

    def test_at_start_up_every_running_job_is_put_back(self, queue: Queue) -> None:
        add(queue, new(), new(change("b")))
        claim(queue)
        claim(queue)
        assert [job.state for job in queue.rescue(now=0.0, everything=True)] == [State.WAITING, State.WAITING]

    # --- looking

    def test_jobs_are_listed_by_state_and_workspace_up_to_a_limit(self, queue: Queue) -> None:
        first, second, third = add(queue, new(), new(workspace="/v"), new(change("b")))
        claim(queue)
        assert [job.id for job in queue.jobs()] == [first.id, second.id, third.id]
        assert [job.id for job in queue.jobs(limit=2)] == [first.id, second.id]
        assert [job.id for job in queue.jobs(states=[State.RUNNING])] == [first.id]
        assert [job.id for job in queue.jobs(workspace="/v")] == [second.id]

    def test_counts_name_every_state(self, queue: Queue) -> None:
        add(queue, new(), new(change("b")))
        claim(queue)
        assert queue.counts() == {**dict.fromkeys(State, 0), State.WAITING: 1, State.RUNNING: 1}

    def test_the_next_due_time_is_the_earliest(self, queue: Queue) -> None:
        assert queue.next_due(now=0.0) is None
        add(queue, new(change("a"), not_before=50.0), new(change("b"), not_before=40.0))
        assert queue.next_due(now=0.0) == 40.0
        assert queue.next_due(now=45.0) == 45.0
        claim(queue, now=45.0)
        assert queue.next_due(now=45.0) == 50.0

    def test_paused_workspaces_are_not_due(self, queue: Queue) -> None:
        add(queue, new(not_before=10.0), new(workspace="/v", not_before=30.0))
        assert queue.next_due(now=0.0, paused=["/w"]) == 30.0
        assert queue.next_due(now=20.0, paused=["/w"]) == 30.0
        assert queue.next_due(now=20.0, paused={"/w", "/v"}) is None

    def test_the_cooldown_counts_from_the_last_end_on_a_path(self, queue: Queue) -> None:
        where = {"workspace": "/w", "hook": "review"}
        assert queue.last_finished(**where, path="a") is None
        add(queue, new(change("a"), change("b"), together=True))
        queue.put_back(claim(queue), now=3.0)
        assert queue.last_finished(**where, path="a") is None
        queue.back_off(claim(queue, now=3.0), now=5.0, until=5.0, reason="no")
        assert queue.last_finished(**where, path="a") == 5.0
        queue.succeed(claim(queue, now=6.0), now=7.0)
        assert [queue.last_finished(**where, path=path) for path in "abc"] == [7.0, 7.0, None]
        assert queue.last_finished(workspace="/w", hook="docs", path="a") is None

    def test_retention_drops_what_ended_long_ago_and_keeps_dead_letters_longer(self, queue: Queue) -> None:
        add(queue, *(new(change(path)) for path in "abcd"))
        queue.succeed(claim(queue), now=10.0)
        dead = queue.fail(claim(queue), now=10.0, reason="no")
        running = claim(queue)
        assert queue.forget(before=10.0, keep_failed_before=0.0) == 0
        assert queue.forget(before=11.0, keep_failed_before=5.0) == 1
        assert queue.last_finished(workspace="/w", hook="review", path="a") is None
        assert queue.get(dead.id).state is State.FAILED
        assert queue.forget(before=11.0, keep_failed_before=11.0) == 1
        assert {job.state for job in queue.jobs()} == {State.RUNNING, State.WAITING}
        queue.succeed(running, now=12.0)

    def test_a_number_is_never_given_twice(self, queue: Queue) -> None:
        (first,) = add(queue, new())
        queue.succeed(claim(queue), now=1.0)
        queue.forget(before=2.0, keep_failed_before=2.0)
        (second,) = add(queue, new())
        assert second.id > first.id
