import httpx

from replicate_api.assumptions.webhook_receiver import WebhookReceiver


def test_receiver_takes_deliveries_to_its_own_path_alone() -> None:
    with WebhookReceiver.opened(host="127.0.0.1", port=0) as receiver:
        url = f"http://127.0.0.1:{receiver.port}"
        statuses = [
            httpx.post(f"{url}{path}", content=b"x").status_code
            for path in ("/", "/other", f"/tunnel{receiver.path}?a=1", receiver.path)
        ]

    assert statuses == [404, 404, 200, 200]
    assert [delivery.body for delivery in receiver.deliveries] == [b"x", b"x"]
