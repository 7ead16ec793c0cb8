"""Clients of databases and queues, tried against the servers of this run."""

import asyncio
import json
import os

from support import NotAtHand, http_server, main, port_of


def use_sqlalchemy():
    from sqlalchemy import create_engine, select, text
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    engine = create_engine("sqlite:///users.db")
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([User(name="Ada"), User(name="Grace")])
        session.commit()
        assert session.scalars(select(User.name).order_by(User.name)).all() == ["Ada", "Grace"]
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from users")).scalar() == 2
    return "runs an ORM session on an SQLite file"


def use_psycopg():
    import psycopg

    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port_of('postgres')}/postgres") as connection:
        assert connection.execute("select 1 + %s", (2,)).fetchone() == (3,)
    return "runs a query with a parameter"


def use_asyncpg():
    import asyncpg

    async def go():
        connection = await asyncpg.connect(f"postgresql://postgres@127.0.0.1:{port_of('postgres')}/postgres")
        assert await connection.fetchval("select 1 + $1::int", 2) == 3
        await connection.close()

    asyncio.run(go())
    return "runs a query with a parameter"


def use_pg8000():
    import pg8000.dbapi

    connection = pg8000.dbapi.connect("postgres", host="127.0.0.1", port=port_of("postgres"))
    cursor = connection.cursor()
    cursor.execute("create temp table t (id int, name text)")
    cursor.execute("insert into t values (%s, %s)", (1, "Ada"))
    cursor.execute("select name from t where id = %s", (1,))
    assert cursor.fetchall() == (["Ada"],)
    connection.commit()
    connection.close()
    return "creates a table, inserts a row and runs a query on PostgreSQL"


def use_pymysql():
    import pymysql

    connection = pymysql.connect(host="127.0.0.1", port=port_of("mysql"), user="root", autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("create database if not exists d")
        cursor.execute("create temporary table d.t (id int, name text)")
        cursor.execute("insert into d.t values (%s, %s)", (1, "Ada"))
        cursor.execute("select name from d.t where id = %s", (1,))
        assert cursor.fetchall() == (("Ada",),)
    connection.close()
    return "creates a table, inserts a row and runs a query on MariaDB"


def use_pymongo():
    import bson
    import pymongo
    from pymongo.errors import ServerSelectionTimeoutError

    assert bson.decode(bson.encode({"a": [1, {"b": "c"}]})) == {"a": [1, {"b": "c"}]}
    client = pymongo.MongoClient("127.0.0.1", 1, serverSelectionTimeoutMS=300)
    try:
        client.admin.command("ping")
    except ServerSelectionTimeoutError:
        client.close()
        return "encodes BSON documents, and reports an unreachable server"
    raise AssertionError("there is no server")


def use_redis():
    import redis
    import redis.asyncio

    port = port_of("redis")

    async def go():
        async with redis.asyncio.Redis(port=port) as client:
            await client.rpush("list", "a", "b")
            return await client.lrange("list", 0, -1)

    with redis.Redis(port=port, decode_responses=True) as client:
        client.flushall()
        client.set("a", "1", ex=60)
        with client.pipeline() as pipe:
            assert pipe.get("a").incr("n").execute() == ["1", 1]
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.subscribe("news")
        listener.get_message(timeout=2)
        client.publish("news", "hello")
        assert listener.get_message(timeout=5)["data"] == "hello"
        listener.close()
    assert asyncio.run(go()) == [b"a", b"b"]
    return "uses keys, a pipeline, a subscription and an asyncio client"


def use_duckdb():
    import duckdb

    assert duckdb.sql("select sum(x) from range(5) t(x)").fetchall() == [(10,)]
    return "runs a query"


def use_elasticsearch():
    from elasticsearch import Elasticsearch

    found = json.dumps({"hits": {"total": {"value": 1, "relation": "eq"}, "hits": [{"_id": "1", "_source": {"a": 1}}]}})
    with http_server({"/logs/_search": found, "*": "{}"}, {"X-Elastic-Product": "Elasticsearch"}) as server:
        client = Elasticsearch(server.url)
        assert client.search(index="logs", query={"match_all": {}})["hits"]["hits"][0]["_source"] == {"a": 1}
        client.close()
    return "searches a local test server"


def use_kafka_python():
    from kafka import KafkaProducer
    from kafka.errors import KafkaConfigurationError, KafkaError

    try:
        KafkaProducer(bootstrap_servers="127.0.0.1:1", bootstrap_timeout_ms=500).close()
    except KafkaConfigurationError:
        raise
    except KafkaError as error:
        return f"reports an unreachable broker (`{type(error).__name__}`)"
    raise AssertionError("there is no broker")


def use_pika():
    import pika
    import pika.exceptions

    try:
        pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", 1, connection_attempts=1, socket_timeout=1))
    except pika.exceptions.AMQPConnectionError:
        return "reports an unreachable broker"
    raise AssertionError("there is no broker")


def use_paho_mqtt():
    import queue

    import paho.mqtt.client as mqtt

    got = queue.Queue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda each, *_: each.subscribe("news", 1)
    client.on_subscribe = lambda each, *_: each.publish("news", "hello", 1)
    client.on_message = lambda each, data, message: got.put(message.payload)
    client.connect("127.0.0.1", port_of("mqtt"))
    client.loop_start()
    assert got.get(timeout=10) == b"hello"
    client.disconnect()
    client.loop_stop()
    return "subscribes and receives a message from Mosquitto"


def use_nats_py():
    import nats

    async def go():
        client = await nats.connect(f"nats://127.0.0.1:{port_of('nats')}")
        news = await client.subscribe("news")
        await client.publish("news", b"hello")
        assert (await news.next_msg(timeout=5)).data == b"hello"
        await client.drain()

    asyncio.run(go())
    return "subscribes and receives a message from NATS"


def use_paramiko():
    if "SSH_PORT" not in os.environ:
        import paramiko

        paramiko.RSAKey.generate(2048)
        raise NotAtHand("ssh")
    return "creates a key"


if __name__ == "__main__":
    main(globals())
