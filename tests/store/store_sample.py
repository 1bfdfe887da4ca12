"""Outcomes for tests of the store: any that the records allow, and ones of a usual size."""

from __future__ import annotations

from hypothesis import strategies as st

from fastsynth import records as r

text = st.text(st.characters(codec="utf-8"), max_size=12)
texts = st.lists(text, max_size=3).map(tuple)
count = st.integers(0, 2**40)
counts = st.lists(count, max_size=3).map(tuple)
share = st.floats(0, 1)

tool_calls = st.lists(st.builds(r.ToolCall, id=text, name=text, arguments=text), max_size=2)
messages = st.lists(
    st.builds(
        r.Message,
        role=st.sampled_from(["system", "user", "assistant", "tool"]),
        content=st.none() | text,
        reasoning=st.none() | text,
        tool_calls=tool_calls.map(tuple),
        tool_call_id=st.none() | text,
        name=st.none() | text,
    ),
    max_size=3,
).map(tuple)
calls = st.lists(st.builds(r.Call, name=text, arguments=text), max_size=2).map(tuple)
usages = st.builds(
    r.Usage,
    requests=count,
    prompt_tokens=count,
    completion_tokens=count,
    cached_tokens=count,
    cost_usd=st.none() | share,
)
conversations = st.builds(
    r.Conversation,
    id=text,
    environment=text,
    scenario=text,
    tools=text,
    tools_added=st.lists(st.builds(r.ToolsAdded, turn=count, tools=text), max_size=2).map(tuple),
    messages=messages,
    ground_truth=st.lists(calls, max_size=2).map(tuple),
    ground_truth_steps=st.lists(counts, max_size=2).map(tuple),
    kinds=texts,
    targets=texts,
    purposes=texts,
    hint_levels=counts,
    blind_passes=counts,
    blind_tries=counts,
    num_turns=count,
    num_calls=count,
    difficulty=st.builds(
        r.Difficulty,
        distance=count,
        share_user=share,
        share_output=share,
        share_default=share,
        extra_calls=count,
        recovered_calls=count,
        alternative=st.booleans(),
        student_pass_rate=st.none() | share,
    ),
    teacher=text,
    usage=usages,
    goals=text,
    provenance=text,
    digests=texts,
    state_check=st.sampled_from(["full", "observed"]),
    hinted_reasoning=counts,
    errors_recovered=texts,
    votes=st.lists(st.builds(r.Vote, accept=st.booleans(), reason=text), max_size=2).map(tuple),
)
attempts = st.lists(
    st.builds(
        r.Attempt,
        turn=count,
        level=count,
        reason=text,
        detail=text,
        messages=messages,
        query=text,
        solved=st.booleans(),
        progress=st.none() | share,
    ),
    max_size=2,
).map(tuple)
accepted = st.builds(
    r.Accepted,
    job=st.integers(0, 50),
    stratum=text,
    plan_hash=text,
    content_hash=text,
    conversation=conversations,
    attempts=attempts,
)
rejected = st.builds(
    r.Rejected,
    job=st.integers(0, 50),
    stratum=text,
    plan_hash=text,
    stage=text,
    reason=text,
    detail=text,
    attempts=attempts,
    usage=usages,
)
failed = st.builds(r.Failed, job=st.integers(0, 50), stratum=text, cause=text, detail=text)
outcomes = st.one_of(accepted, rejected, failed)


def conversation(job: int, size: int = 8_000) -> r.Conversation:
    """A conversation of about `size` bytes as JSON."""
    turn = (
        r.Message(role="user", content=f"Book me a flight from Porto, number {job}."),
        r.Message(
            role="assistant",
            reasoning="The user wants a flight. First I look at what there is.",
            tool_calls=(r.ToolCall(id="abcdefghi", name="search", arguments='{"to":"Oslo"}'),),
        ),
        r.Message(role="tool", tool_call_id="abcdefghi", content='{"flights":[]}'),
        r.Message(role="assistant", content="There is none."),
    )
    tools = '[{"type":"function"}]' * max(1, (size - 2_600) // 31)
    return r.Conversation(
        id=f"id-{job}",
        environment="world:travel",
        scenario="{}",
        tools=tools,
        messages=turn * 3,
        ground_truth=((r.Call(name="search", arguments='{"to":"Oslo"}'),),) * 3,
        ground_truth_steps=((1,),) * 3,
        kinds=("base",) * 3,
        targets=("search",) * 3,
        purposes=("find",) * 3,
        hint_levels=(0,) * 3,
        blind_passes=(1,) * 3,
        blind_tries=(2,) * 3,
        num_turns=3,
        num_calls=3,
        difficulty=r.Difficulty(),
        teacher="scripted",
        usage=r.Usage(requests=9, prompt_tokens=9000, completion_tokens=900),
    )


def accepted_job(job: int, size: int = 3_000) -> r.Accepted:
    return r.Accepted(
        job=job,
        stratum="base",
        plan_hash=f"plan-{job}",
        content_hash=f"content-{job}",
        conversation=conversation(job, size),
    )
