"""Cloud SDKs, tried against servers of their protocols on this machine."""

import json

from support import http_server, main

BUCKETS = (
    '<?xml version="1.0"?><ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets>'
    "<Bucket><Name>reports</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate></Bucket></Buckets>"
    "</ListAllMyBucketsResult>"
)
CONTAINERS = (
    '<?xml version="1.0"?><EnumerationResults><Containers><Container><Name>reports</Name><Properties>'
    "<Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified><Etag>1</Etag></Properties></Container></Containers>"
    "<NextMarker/></EnumerationResults>"
)


def use_boto3():
    import boto3

    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-central-1"}
    with http_server({"/": BUCKETS, "*": ""}, {"ETag": '"1"'}) as server:
        s3 = boto3.client("s3", endpoint_url=server.url, **keys)
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["reports"]
        s3.put_object(Bucket="reports", Key="a.txt", Body=b"hello")
        assert "AWS4-HMAC-SHA256" in server.requests[-1][3]["Authorization"]
    return "S3: `list_buckets` and `put_object`"


def use_google_cloud_storage():
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    page = json.dumps({"items": [{"name": "reports", "id": "reports"}]})
    with http_server({"/storage/v1/b": page}) as server:
        client = storage.Client("p", AnonymousCredentials(), client_options={"api_endpoint": server.url})
        assert [bucket.name for bucket in client.list_buckets()] == ["reports"]
    return "lists buckets"


def use_google_crc32c():
    import google_crc32c

    assert google_crc32c.value(b"123456789") == 0xE3069283
    return "computes a checksum"


def use_azure_storage_blob():
    from azure.storage.blob import BlobServiceClient

    with http_server({"*": CONTAINERS}) as server:
        key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
        client = BlobServiceClient(f"{server.url}/account", credential={"account_name": "account", "account_key": key})
        assert [each.name for each in client.list_containers()] == ["reports"]
    return "lists containers"


def use_azure_identity():
    from azure.identity import ClientSecretCredential, DefaultAzureCredential

    ClientSecretCredential("tenant", "client", "secret").close()
    DefaultAzureCredential(exclude_interactive_browser_credential=True).close()
    return "creates credentials"


def use_msal():
    import msal

    cache = msal.SerializableTokenCache()
    app = msal.PublicClientApplication("client", token_cache=cache, instance_discovery=False)
    assert app.get_accounts() == []
    return "creates an application with a token cache"


def use_kubernetes():
    from kubernetes import client

    page = json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "web"}}], "metadata": {}})
    with http_server({"/api/v1/namespaces/default/pods": page}) as server:
        settings = client.Configuration(host=server.url)
        pods = client.CoreV1Api(client.ApiClient(settings)).list_namespaced_pod("default")
        assert [pod.metadata.name for pod in pods.items] == ["web"]
    return "lists pods"


if __name__ == "__main__":
    main(globals())
