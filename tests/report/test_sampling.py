from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from toolkit.report.sampling import ResourceSampler, describe_machine

MEGABYTE = 1 << 20
NEVER = 3600.0


@contextmanager
def child_with(n_bytes: int) -> Iterator[subprocess.Popen[bytes]]:
    code = f"block = bytearray(b'x') * {n_bytes}; print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_the_memory_of_a_child_counts() -> None:
    with child_with(80 * MEGABYTE), ResourceSampler(NEVER) as sampler:
        alone = ResourceSampler(NEVER)
    with alone:
        pass
    assert sampler.peak_rss_bytes > alone.peak_rss_bytes + 75 * MEGABYTE
    assert sampler.peak_rss_bytes == max(sample.rss_bytes for sample in sampler.samples)


def test_a_child_that_has_gone_is_no_error() -> None:
    with child_with(MEGABYTE) as process, ResourceSampler(NEVER) as sampler:
        process.kill()
        process.wait()
        sampler.sample()
    assert sampler.samples[1].rss_bytes < sampler.samples[0].rss_bytes


def test_it_samples_by_itself_and_counts_the_processor() -> None:
    with ResourceSampler(0.001) as sampler:
        while len(sampler.samples) < 20:
            sum(range(10_000))
    assert max(sample.cpu_percent for sample in sampler.samples) > 0
    seconds = [sample.seconds for sample in sampler.samples]
    assert seconds == sorted(seconds)


@pytest.mark.slow
def test_samples_become_fewer_and_the_peak_is_kept() -> None:
    with ResourceSampler(NEVER) as sampler:
        with child_with(80 * MEGABYTE):
            while len(sampler.samples) < 7:
                sampler.sample()
        first, peak = sampler.samples[0], sampler.peak_rss_bytes
        for _ in range(1200):
            sampler.sample()
        assert 150 < len(sampler.samples) <= 300
        assert sampler.samples[0] == first
        assert max(sample.rss_bytes for sample in sampler.samples) == peak == sampler.peak_rss_bytes
    seconds = [sample.seconds for sample in sampler.samples]
    assert seconds == sorted(seconds)


def test_the_processor_is_not_asked_again_at_once() -> None:
    with ResourceSampler(NEVER) as sampler:
        sampler.samples[0] = sampler.samples[0]._replace(cpu_percent=123.0)
        sum(range(1_000_000))
    assert [sample.cpu_percent for sample in sampler.samples] == [123.0, 123.0]


def test_the_machine_has_cores_and_memory() -> None:
    machine = describe_machine()
    assert machine["cores"] >= 1
    assert machine["memory_bytes"] > 100 * MEGABYTE
