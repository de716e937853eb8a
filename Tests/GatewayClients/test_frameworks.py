"""A chat by each of the frameworks that people point at a gateway."""
from conftest import WAIT


def test_langchain_chats_and_streams(gateway, upstream, question):
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(base_url=gateway + "/v1", api_key="sk-test", model="echo", max_retries=0, default_headers=WAIT)
    assert model.invoke(question).content == "You asked: " + question
    assert "".join(chunk.content for chunk in model.stream(question)) == "You asked: " + question
    assert len(upstream.take()) <= 2
    assert model.invoke(question).content == "You asked: " + question
    assert upstream.take() == []


def test_litellm_chats_and_streams(gateway, upstream, question):
    import litellm

    arguments = {"model": "openai/echo", "api_base": gateway + "/v1", "api_key": "sk-test",
                 "extra_headers": WAIT, "messages": [{"role": "user", "content": question}]}
    assert litellm.completion(**arguments).choices[0].message.content == "You asked: " + question
    upstream.take()
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in litellm.completion(**arguments, stream=True))
    assert streamed == "You asked: " + question
    assert upstream.take() == []
