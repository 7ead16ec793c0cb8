"""Tasks that need C code or processes, which Pyodide does not have."""

import concurrent.futures
import multiprocessing
import os
import subprocess

import numpy
import pandas
import psycopg2

import cloaca


def square(number):
    return number * number, os.getpid()


with cloaca.WorkflowBuilder("native"):

    @cloaca.task()
    def numbers(context):
        frame = pandas.DataFrame({"name": ["a", "b", "a"], "value": numpy.arange(3) * 1.5})
        context.set("sums", frame.groupby("name")["value"].sum().to_dict())
        context.set("determinant", round(float(numpy.linalg.det(numpy.array([[1, 2], [3, 4]])))))
        return context

    @cloaca.task()
    def database(context):
        with psycopg2.connect(os.environ["POSTGRES_OF_TEST"]) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE fruit (name text, count int)")
            cursor.executemany("INSERT INTO fruit VALUES (%s, %s)", [("apple", 3), ("pear", 4)])
            cursor.execute("SELECT sum(count), version() FROM fruit")
            total, version = cursor.fetchone()
        context.set("total", total)
        context.set("server", version.split()[0])
        return context

    @cloaca.task()
    def slow_query(context):
        with psycopg2.connect(os.environ["POSTGRES_OF_TEST"]) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(600)")
        return context

    @cloaca.task()
    def pool(context):
        with multiprocessing.get_context("fork").Pool(2) as workers:
            squares = workers.map(square, range(20), chunksize=5)
        context.set("squares", sum(value for value, _ in squares))
        context.set("elsewhere", os.getpid() not in {pid for _, pid in squares})
        return context

    @cloaca.task()
    def executor(context):
        with concurrent.futures.ProcessPoolExecutor(2) as workers:
            context.set("squares", sum(value for value, _ in workers.map(square, range(20))))
        return context

    @cloaca.task()
    def programs(context):
        ran = subprocess.run(["sort"], input="b\na\n", capture_output=True, text=True, check=True)
        context.set("sorted", ran.stdout.split())
        return context
