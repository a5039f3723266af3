"""Whose work a sample is counted as."""

import pytest

from bench.shares import whose

SITE = "/lib/python3.12/site-packages"
APP = [
    "/srv/payouts/chalicelib/payouts/store/payouts.py",
    f"{SITE}/chalice/app.py",
    "/srv/payouts/bench/side.py",
]
BOTOCORE = [f"{SITE}/botocore/client.py", *APP]


@pytest.mark.parametrize(
    ("files", "owner"),
    [
        (
            ["/lib/python3.12/socket.py", f"{SITE}/botocore/httpsession.py", *BOTOCORE],
            "connections",
        ),
        (["/lib/python3.12/hmac.py", f"{SITE}/botocore/auth.py", *BOTOCORE], "signatures"),
        (BOTOCORE, "the rest of botocore"),
        ([*BOTOCORE[:1], f"{SITE}/aws_encryption_sdk/streaming_client.py", *APP], "botocore"),
        ([f"{SITE}/aws_encryption_sdk/streaming_client.py", *APP], "Encryption SDK"),
        ([f"{SITE}/urllib3/response.py", f"{SITE}/requests/sessions.py", *APP], "Monoova"),
        (
            ["/srv/payouts/chalicelib/web/schemas.py", f"{SITE}/marshmallow/schema.py", *APP],
            "schemas",
        ),
        (APP, "the app's own code"),
        (["/lib/python3.12/json/decoder.py", *APP], "the app's own code"),
        (APP[1:], "Chalice"),
        (APP[2:], "Python"),
    ],
)
def test_a_sample_counts_for_the_library_that_called_what_was_at_work(
    files: list[str], owner: str
) -> None:
    assert owner in whose(files)
