"""Administers tenants in the database of its argument. Each tenant has its own executions and schedules."""

import sys
import threading

import cloaca

with cloaca.WorkflowBuilder("greet"):

    @cloaca.task()
    def hello(context):
        context.set("words", f"hello {context.get('who')}")
        return context


def schedules(runner):
    return [schedule["workflow_name"] for schedule in runner.list_cron_schedules()]


admin_url = sys.argv[1]
admin = cloaca.DatabaseAdmin(admin_url)
credentials = admin.create_tenant(cloaca.TenantConfig("acme", "scenario_acme"))
print(credentials, admin, len(credentials.password), credentials.password.isalnum())

with cloaca.DefaultRunner(credentials.connection_string) as runner:
    print(runner.execute("greet", cloaca.Context({"who": "acme"})).final_context.get("words"))
    runner.register_cron_workflow("greet", "0 3 * * *", "UTC")
    with cloaca.DefaultRunner.with_schema(admin_url, "beta") as other:
        print(other.execute("greet", cloaca.Context({"who": "beta"})).final_context.get("words"))
        print(schedules(runner), schedules(other))

with cloaca.DefaultRunner.with_schema(credentials.connection_string, credentials.schema_name) as runner:
    print(schedules(runner))


def refused(what, call):
    try:
        call()
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}")


refused("twice", lambda: admin.create_tenant(cloaca.TenantConfig("gamma", "scenario_acme")))
refused("another's", lambda: cloaca.DefaultRunner.with_schema(credentials.connection_string, "beta"))
refused("not there", lambda: cloaca.DefaultRunner.with_schema("postgresql://u:secret@127.0.0.1:1/app", "acme"))
refused("no admin", lambda: cloaca.DatabaseAdmin(credentials.connection_string).remove_tenant("beta", "scenario_beta"))
refused("no server", lambda: cloaca.DatabaseAdmin("postgresql://u:secret@127.0.0.1:1/app").remove_tenant("a", "b"))

threads = [
    threading.Thread(target=admin.create_tenant, args=(cloaca.TenantConfig(f"many{n}", f"scenario_many{n}", "pw"),))
    for n in range(3)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for n in range(3):
    admin.remove_tenant(f"many{n}", f"scenario_many{n}")
admin.remove_tenant("acme", "scenario_acme")
admin.remove_tenant("acme", "scenario_acme")
refused("gone", lambda: cloaca.DefaultRunner(credentials.connection_string))
