"""How likely the dates are: the simulated pass against the plain one, known distributions, risks, no NumPy."""

import importlib.util
import random
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planlint.builder import build as build_plan
from planlint.model import MINUTES_A_DAY, Plan
from planlint.reader import read
from planlint.schedule import critical_path, simulation
from planlint.schedule.calendar import instant
from planlint.schedule.doubts import Beta, Delay, Doubts, latest, moved, uncertain
from planlint.schedule.network import Network, build
from planlint.schedule.simulation import Chance, chance, safe

np = pytest.importorskip("numpy")
runs_module = pytest.importorskip("planlint.schedule.runs")

TODAY = date(2026, 2, 16)
spec = importlib.util.spec_from_file_location("networks", Path(__file__).with_name("test_network.py"))
assert spec is not None
assert spec.loader is not None
networks: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(networks)


def plan_of(text: str) -> Plan:
    content = f"planlint: 1\ntitle: Example\nstart: 2026-02-16\n{text}"
    document, _ = read("example.plan.yaml", content.encode())
    assert document is not None
    return build_plan(document, (), ()).plan


def network_of(text: str) -> Network:
    return build(plan_of(text), today=TODAY)


def odds(text: str, **more: Any) -> Chance:
    found = chance(network_of(text), **more)
    assert found is not None
    return found


def runs_of(network: Network, doubts: Doubts) -> Any:
    return runs_module.Runs(network, doubts, critical_path.forward(network).dates)


def random_doubts(network: Network, rng: random.Random) -> Doubts:
    lengths = {
        name: Beta(node.work * 0.5, node.work, node.work * 3)
        for name, node in network.nodes.items()
        if node.work and node.finished is None and rng.random() < 0.6
    }
    open_ = [name for name, node in network.nodes.items() if node.real and node.finished is None]
    delays = tuple(
        Delay(
            0.5, rng.randrange(60, 3000), rng.random() < 0.3, frozenset(rng.sample(open_, min(2, len(open_))))
        )
        for _ in range(2)
    )
    return Doubts(lengths, delays)


@pytest.mark.parametrize("block", range(6))
def test_each_run_is_what_the_plain_pass_says_on_random_plans(block: int) -> None:
    compared = 0
    for seed in range(block * 50, block * 50 + 50):
        made, _ = networks.random_plan(seed)
        network = build(made, today=networks.MONDAY)
        if network.unsound:
            continue
        doubts = random_doubts(network, random.Random(seed))
        runs = runs_of(network, doubts)
        works, occurs = runs.draw(np.random.default_rng(seed), 4)
        dates = runs.dates(works, occurs)
        for one in range(4):
            happens = [delay for delay, when in zip(doubts.delays, occurs, strict=True) if when[one]]
            plain = moved(network, {name: int(work[one]) for name, work in works.items()}, happens)
            for name, (start, finish) in plain.items():
                mine = tuple(int(np.broadcast_to(part, 4)[one]) for part in dates[name])
                assert mine == (start, finish), f"seed {seed}, {name}"
                compared += 1
    assert compared > 500


def test_without_any_doubt_the_plain_pass_is_the_critical_path() -> None:
    for seed in range(100):
        made, _ = networks.random_plan(seed)
        network = build(made, today=networks.MONDAY)
        assert moved(network) == critical_path.forward(network).dates
        assert chance(network) is None


CHAIN = """
deadline: 2026-03-13
tasks:
  design: {title: Design, owner: ana, effort: {optimistic: 4d, likely: 5d, pessimistic: %s}}
  build: {title: Build, owner: ben, effort: {optimistic: 5d, likely: 8d, pessimistic: %s}, depends_on: [design]}
milestones: {live: {title: Live, owner: ana, depends_on: [build], due: 2026-03-13}}
people: {ana: {name: Ana Ruiz}, ben: {name: Ben Cho}}
"""


def test_certain_estimates_are_the_critical_path() -> None:
    network = network_of(
        "tasks: {a: {title: A, owner: ana, duration: {optimistic: 5d, likely: 5d, pessimistic: 5d}}}\n"
        "milestones: {live: {title: Live, depends_on: [a], due: 2026-02-20}}\npeople: {ana: {name: Ana}}\n"
        "risks: {r: {title: R, probability: 100%, impact: {time: 3d}, affects: [a]}}\n"
    )
    found = chance(network, iterations=50)
    assert found is not None
    assert found.p50 == found.p80 == found.p95 == date(2026, 2, 25)  # three days after the computed 20th
    assert found.milestones["live"] == (found.p50, found.p80, found.p95)
    assert found.deadlines[("milestones", "live", "due")].percent == 0
    assert found.criticality == {"a": 100}


def test_more_variance_is_not_earlier() -> None:
    narrow, wide = odds(CHAIN % ("6d", "11d")), odds(CHAIN % ("10d", "20d"))
    assert narrow.p50 <= wide.p50
    assert narrow.p80 < wide.p80
    assert narrow.p95 < wide.p95
    assert (narrow.deadline or 0) > (wide.deadline or 0)


def test_the_mean_and_the_spread_are_those_of_pert() -> None:
    doubts = Doubts({"a": Beta(480, 960, 3360)}, ())
    runs = runs_of(network_of("tasks: {a: {title: A, duration: 2d}}\n"), doubts)
    drawn = runs.draw(np.random.default_rng(1), 40_000)[0]["a"]
    assert abs(drawn.mean() - (480 + 4 * 960 + 3360) / 6) < 8
    assert drawn.min() >= 480
    assert drawn.max() <= 3360


def test_the_same_seed_gives_the_same_answer_and_batches_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = network_of(CHAIN % ("10d", "20d"))
    steps: list[int] = []
    first = chance(network, iterations=400, seed=3, step=steps.append)
    assert chance(network, iterations=400, seed=3) == first
    assert steps == [400]
    monkeypatch.setattr(runs_module, "_CELLS", 300)
    chance(network, iterations=400, seed=3, step=steps.append)
    assert steps[1:] == [100, 100, 100, 100]


def test_a_risk_counts_once_along_a_path_and_not_when_it_is_over() -> None:
    text = """
tasks:
  move: {title: Move, owner: ana, duration: 5d}
  sort: {title: Sort, owner: ana, duration: 2d, depends_on: [move]}
milestones: {moved: {title: Moved, owner: ana, depends_on: [sort]}}
people: {ana: {name: Ana Ruiz}}
risks:
  late: {title: Lorry late, probability: 50%, impact: {time: 4d}, affects: [move, moved], status: STATUS}
"""
    doubts = uncertain(network_of(text.replace("STATUS", "open")))
    assert doubts.delays == (Delay(0.5, 4 * 480, elapsed=False, names=frozenset({"move"})),)
    assert chance(network_of(text.replace("STATUS", "closed"))) is None


def test_a_risk_for_a_summary_or_a_deliverable_delays_the_last_of_its_tasks() -> None:
    text = """
tasks:
  move:
    title: Move
    tasks:
      pack: {title: Pack, duration: 5d}
      drive: {title: Drive, duration: 1d, depends_on: [pack]}
  write: {title: Write, duration: 1d, deliverables: [manual]}
deliverables: {manual: {title: Manual}}
risks:
  rain: {title: Rain, probability: 50%, impact: {time: 4d}, affects: [move, manual]}
  fog: {title: Fog, probability: 50%, impact: high, affects: [move]}
"""
    (delay,) = uncertain(network_of(text)).delays
    assert delay.names == {"drive", "write"}


def test_what_is_done_of_a_task_is_certain() -> None:
    text = """
status_date: 2026-02-18
tasks:
  a: {title: A, owner: ana, effort: {optimistic: 8d, likely: 10d, pessimistic: 24d}, %s}
people: {ana: {name: Ana Ruiz}}
"""
    doing = "status: doing, actual: {start: 2026-02-16}"
    half = uncertain(network_of(text % f"{doing}, progress: 50%"))
    assert half.lengths["a"].high == pytest.approx(24 * 480 * 1e6 / 2)
    assert not uncertain(network_of(text % f"{doing}, remaining: 3d")).lengths
    rest = "remaining: {optimistic: 1d, likely: 2d, pessimistic: 3d}"
    assert uncertain(network_of(text % f"{doing}, {rest}")).lengths["a"].likely == pytest.approx(
        2 * 480 * 1e6
    )
    done = "status: done, actual: {start: 2026-02-16, finish: 2026-02-17}"
    assert not uncertain(network_of(text % done)).lengths


def test_merging_paths_are_later_than_either_and_criticality_says_which_decides() -> None:
    text = """
tasks:
  a: {title: A, duration: {optimistic: 6d, likely: 10d, pessimistic: 14d}}
  b: {title: B, duration: {optimistic: 6d, likely: 10d, pessimistic: 14d}}
  c: {title: C, duration: 1d}
milestones: {live: {title: Live, depends_on: [a, b, c]}}
"""
    found = odds(text)
    assert found.p50 > date(2026, 2, 27)  # what the critical path says
    assert 45 < found.criticality["a"] < 60
    assert 45 < found.criticality["b"] < 60
    assert found.criticality["c"] == 0


def test_the_estimate_by_formula_is_near_the_simulation_on_a_chain() -> None:
    network = network_of(CHAIN % ("10d", "20d"))
    simulated, formula = chance(network), chance(network, iterations=0)
    assert simulated is not None
    assert formula is not None
    assert formula.analytic
    assert not simulated.analytic
    assert abs((formula.p50 - simulated.p50).days) <= 3
    assert abs((formula.p80 - simulated.p80).days) <= 3
    assert abs((formula.deadline or 0) - (simulated.deadline or 0)) < 10
    assert formula.criticality == {"design": 100, "build": 100}


def test_without_numpy_the_formula_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "planlint.schedule.runs")  # it has NumPy already
    assert odds(CHAIN % ("10d", "20d")).analytic


def test_the_formula_counts_risks_with_their_probability() -> None:
    network = network_of(
        "tasks: {a: {title: A, duration: 5d}}\ndeadline: 2026-02-27\n"
        "risks: {r: {title: R, probability: 50%, impact: {time: 10d}, affects: [a]}}\n"
    )
    found = chance(network, iterations=0)
    assert found is not None
    assert found.p50 == date(2026, 2, 27)  # five days, and half of ten
    assert found.deadline == pytest.approx(50)


def test_a_plan_that_the_worst_case_keeps_is_safe_without_numpy() -> None:
    text = CHAIN.replace("2026-03-13", "2026-05-29") % ("10d", "20d")
    assert safe(network_of(text))
    assert not safe(network_of(CHAIN % ("10d", "20d")))
    assert safe(network_of("tasks: {}\n"))
    folder = Path(__file__).resolve().parents[2]
    program = (
        "import sys; from datetime import date; from planlint.engine import examine; from planlint.world import World;"
        "from planlint.config import Config; from planlint.rulesets import Choice, load;"
        f"text = {'planlint: 1' + chr(10) + 'title: T' + chr(10) + 'start: 2026-02-16' + text!r}.encode();"
        "config = Config(catalogue=load());"
        "world = World(content=lambda _: text, expand=lambda _, __: (), config=lambda _: config);"
        "examine(['a.plan.yaml'], world, choice=Choice(), today=date(2026, 2, 16)); print('numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_worst_case_is_not_earlier_than_any_run() -> None:
    network = network_of(CHAIN % ("10d", "20d"))
    worst = latest(network, uncertain(network))
    found = chance(network, iterations=2000)
    assert found is not None
    assert instant(found.p95) + MINUTES_A_DAY <= worst["live"][1] + MINUTES_A_DAY


@pytest.mark.parametrize("text", ["tasks: {}\n", "tasks: {a: {title: A, depends_on: [a]}}\n"])
def test_plans_without_dates_have_no_chance(text: str) -> None:
    risk = "risks: {r: {title: R, probability: 50%, impact: {time: 4d}, affects: [a]}}\n"
    assert chance(network_of(text + risk)) is None


def test_loops_leave_the_rest_alone() -> None:
    found = odds(
        "tasks:\n  a: {title: A, depends_on: [b], duration: 1d}\n  b: {title: B, depends_on: [a], duration: 1d}\n"
        "  c: {title: C, duration: {optimistic: 1d, likely: 2d, pessimistic: 6d}}\n"
    )
    assert found.p50 >= date(2026, 2, 17)


def test_a_run_beyond_the_calendars_has_no_answer() -> None:
    text = "tasks: {a: {title: A, owner: z, effort: {optimistic: 1d, likely: 2d, pessimistic: 900w}}}\n"
    assert chance(network_of(text + "people: {z: {name: Z, availability: 5%}}\n")) is None


def test_criticality_agrees_with_the_critical_path_where_little_is_uncertain() -> None:
    agree = total = 0
    for seed in range(150):
        made, _ = networks.random_plan(seed)
        network = build(made, today=networks.MONDAY)
        if network.unsound:
            continue
        schedule = critical_path.analyse(network)
        runs = runs_of(network, Doubts({}, ()))
        dates = runs.dates({}, ())
        real = [name for name in runs.early if network.nodes[name].real]
        if not real:
            continue
        hits: Mapping[str, int] = dict(runs.critical(dates, real, runs.last(dates, real, 1)))
        for name in real:
            if network.nodes[name].kind == "task" and network.nodes[name].finished is None:
                agree += (hits.get(name, 0) > 0) == schedule.items[name].critical
                total += 1
    assert total > 300
    assert (
        agree / total > 0.95
    )  # a lead that is cut off at the start of the plan has slack that links do not show


def test_check_gets_the_same_chances_without_criticality_and_the_formula_for_large_plans(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = network_of(CHAIN % ("10d", "20d"))
    whole, hasty = chance(network, iterations=simulation.CHECKED), simulation.quick(network)
    assert whole is not None
    assert hasty is not None
    assert (hasty.deadlines, hasty.criticality) == (whole.deadlines, {})
    assert simulation.quick(network) is hasty
    simulation.quick.cache_clear()
    monkeypatch.setattr(simulation, "LARGE", 1)
    large = simulation.quick(network)
    assert large is not None
    assert large.analytic
