"""A recording is the same after it was written and read, and what is none is told."""

import pytest
from msgspec.structs import replace

from tests.unit.providers.wizebot_samples import KEY, account
from workers.errors import RecordingUnreadable
from workers.providers import PROVIDERS, adapter
from workers.recording.account import NO_CREDENTIAL, account_of, kept
from workers.recording.archive import MANIFEST, Recording, StoredPage, files, recording_of

RECORDING = Recording(
    account=kept(account(start="2026-01-05T12:00:00Z")),
    feed={"phone_number": "5511988880000"},
    observed_at=1_767_614_400_000,
    max_event_bytes=900_000,
    people_removed=False,
    version="0.1.0",
    pages=(StoredPage(method="POST", url="https://x.example/y", status=200, body=b'{"a":"\xff\r\n"}'),) * 2,
    events=(b'{"id":"1"}', b'{"id":"2"}'),
)


def test_what_is_written_is_read_again_byte_for_byte():
    assert recording_of(files(RECORDING)) == RECORDING


def test_the_manifest_is_written_last_so_that_half_a_recording_is_none():
    written = files(RECORDING)
    assert list(written)[-1] == MANIFEST
    for name in written:
        with pytest.raises(RecordingUnreadable, match=f"{name} is missing"):
            recording_of({other: content for other, content in written.items() if other != name})


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{}", b"[]", b"nothing", files(RECORDING)[MANIFEST].replace(b'"recording": 1', b'"recording": 2')],
)
def test_what_is_no_manifest_of_this_form_is_told(manifest):
    with pytest.raises(RecordingUnreadable, match=MANIFEST):
        recording_of({**files(RECORDING), MANIFEST: manifest})


def test_an_account_is_kept_without_its_key_and_read_with_one_that_opens_nothing():
    # When
    found = account_of(RECORDING.account, PROVIDERS)
    # Then
    assert KEY not in str(RECORDING.account)
    assert found.secrets() == (NO_CREDENTIAL,)
    assert kept(found) == RECORDING.account
    assert found.start_ms == 1_767_614_400_000
    assert adapter(found).feed(RECORDING.feed).key == "suporte/5511988880000"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"provider": "unheard-of"}, "account.provider must be one of ogmma"),
        ({"timezone": "Mars/Olympus"}, "account.timezone"),
        ({"further": 1}, "account.further"),
    ],
)
def test_settings_that_this_version_does_not_take_are_told(wrong, told):
    with pytest.raises(RecordingUnreadable, match=told):
        account_of({**RECORDING.account, **wrong}, PROVIDERS)


def test_a_page_is_the_response_that_an_adapter_reads():
    page = replace(RECORDING.pages[0], retry_after="5", content_type="text/html")
    response = page.response
    assert (response.status, response.retry_after, response.content_type) == (200, "5", "text/html")
