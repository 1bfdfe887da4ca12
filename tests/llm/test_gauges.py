"""What servers show of their load, under every name they have used."""

from __future__ import annotations

import pytest

from fastsynth.llm.gauges import Gauges, read_gauges

VLLM = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 31.0
vllm:num_requests_running{engine="1",model_name="m"} 30.0
vllm:num_requests_waiting{engine="0",model_name="m"} 2.0
vllm:num_requests_waiting{engine="1",model_name="m"} 5.0
vllm:num_requests_waiting_by_reason{reason="capacity"} 7.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
vllm:prompt_tokens_total{model_name="m"} 1e+06
"""
OLD = """vllm:num_requests_running 3.0
vllm:num_requests_waiting 1.0 1700000000000
vllm:gpu_cache_usage_perc 0.5
"""
SGLANG = """sglang:num_running_reqs{model_name="a b"} 3
sglang:num_queue_reqs{model_name="a b"} 4
sglang:token_usage{model_name="a b"} 0.125
"""


@pytest.mark.parametrize(
    ("text", "gauges"),
    [
        (VLLM, Gauges(running=61, waiting=7, kv=0.75)),
        (OLD, Gauges(running=3, waiting=1, kv=0.5)),
        (SGLANG, Gauges(running=3, waiting=4, kv=0.125)),
        ("vllm:num_requests_running 3\nvllm:num_requests_waiting nonsense\n", None),
        ("process_cpu_seconds_total 12\n", None),
        ("<html>not here</html>", None),
        ("", None),
    ],
)
def test_gauges_of_every_server(text: str, gauges: Gauges | None) -> None:
    assert read_gauges(text) == gauges
