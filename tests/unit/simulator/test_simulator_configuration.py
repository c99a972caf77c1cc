"""The written configuration: TOML that names the simulated accounts, and no key in it."""

import tomllib

from workers.simulator import SimulationSettings, configuration


def test_the_configuration_names_every_account_with_its_address_and_feeds(bench):
    # Given
    settings = SimulationSettings(providers=("ogmma", "99digital"), accounts=2, conversations=8)

    # When
    written = configuration("http://127.0.0.1:8600", settings, kafka_bootstrap="localhost:9092")
    parsed = tomllib.loads(written.text)

    # Then
    assert parsed["kafka"] == {"bootstrap_servers": ["localhost:9092"]}
    assert list(parsed["accounts"]) == ["loja", "loja-2", "clinica", "clinica-2"]
    loja, clinica = parsed["accounts"]["loja"], parsed["accounts"]["clinica"]
    assert loja["base_url"] == "http://127.0.0.1:8600/ogmma/v1"
    assert clinica["base_url"] == "http://127.0.0.1:8600/99digital/whatsapp/v2"
    world = bench(accounts=2, conversations=8)
    assert loja["feeds"] == [{"channel_id": c.channel.id, "conversation_id": c.id} for c in world.loja.conversations]
    assert (clinica["scope"], clinica["number"]) == ("number", world.clinica.channels[0].number)
    assert "feeds" not in clinica
    assert loja["requests_per_minute"] == 60
    assert written.environment[loja["api_key"]["env"]] == world.loja.api_key
    assert not any(key in written.text for key in written.environment.values())


def test_further_lines_go_into_their_tables_and_before_what_the_simulation_says():
    # When
    written = configuration(
        "http://127.0.0.1:1/",
        SimulationSettings(providers=("ogmma", "99digital")),
        kafka_bootstrap=["a:1", "b:2"],
        kafka={"shards": 4, "create_topics": True},
        topics={"messages": 'm"x'},
        service={"listen": "127.0.0.1:0"},
        account={"requests_per_minute": 6000, "settle_seconds": 5},
        scope="contacts",
    )
    parsed = tomllib.loads(written.text)

    # Then
    assert parsed["kafka"] == {"bootstrap_servers": ["a:1", "b:2"], "shards": 4, "create_topics": True}
    assert parsed["topics"] == {"messages": 'm"x'}
    assert parsed["service"] == {"listen": "127.0.0.1:0"}
    for account in parsed["accounts"].values():
        assert (account["requests_per_minute"], account["settle_seconds"]) == (6000, 5)
    assert parsed["accounts"]["clinica"]["scope"] == "contacts"
    assert len(parsed["accounts"]["clinica"]["feeds"]) == 12
    assert parsed["accounts"]["loja"]["base_url"] == "http://127.0.0.1:1/ogmma/v1"
