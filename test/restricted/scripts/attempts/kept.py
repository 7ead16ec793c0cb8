"""Attempts to change files that the next start reads or runs, in a folder that the script can write to."""

import json
import os
import sqlite3

import cloaca

from attempts import border, code

NO_VALUES = '{"kinds": "", "values": [], "names": []}'


def attempts(place):
    writable = place.writable
    settings, manifest = f"{writable}/cloaca.toml", f"{writable}/package.json"
    package = f"{writable}/.cloaca/packages/six.py"
    library = f"{writable}/node_modules/cloaca/index.js"

    def made(name):
        path = f"{writable}/{name}"
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write("x")
        return path

    def open_with(flags):
        return os.close(os.open(settings, flags))

    def renamed_folder():
        # Moves a folder whose files the next start loads.
        os.makedirs(f"{writable}/moved", exist_ok=True)
        os.rename(f"{writable}/.cloaca", f"{writable}/moved/packages-of-others")

    def prepared_folder():
        os.makedirs(f"{writable}/prepared/packages", exist_ok=True)
        made("prepared/packages/six.py")
        os.rename(f"{writable}/prepared", f"{writable}/deeper.cloaca")
        os.rename(f"{writable}/deeper.cloaca", f"{writable}/sub/.cloaca")

    def attached(path):
        sqlite3.connect(f"{writable}/own.db").execute(f"ATTACH '{path}' AS o").execute("CREATE TABLE o.t (x)")

    return {
        "settings": lambda: open(settings, "w"),
        "settings_appended": lambda: open(settings, "a"),
        "settings_updated": lambda: open(settings, "r+"),
        "settings_truncated_by_flag": lambda: open_with(os.O_RDONLY | os.O_TRUNC),
        "settings_truncated": lambda: os.truncate(settings, 0),
        "settings_removed": lambda: os.remove(settings),
        "settings_renamed": lambda: os.rename(settings, f"{writable}/old.toml"),
        "settings_replaced": lambda: os.replace(made("new.toml"), settings),
        "settings_linked": lambda: os.link(settings, f"{writable}/second.toml"),
        "settings_by_link": lambda: open(f"{writable}/settings-link", "w"),
        "settings_mode": lambda: os.chmod(settings, 0o666),
        "settings_times": lambda: os.utime(settings, (1, 1)),
        "settings_elsewhere": lambda: open(f"{writable}/sub/cloaca.toml", "x"),
        "settings_in_capitals": lambda: open(f"{writable}/sub/CLOACA.TOML", "x"),
        "settings_by_new_link": lambda: os.link(made("new.toml"), f"{writable}/sub/cloaca.toml"),
        "settings_pipe": lambda: os.mkfifo(f"{writable}/sub/cloaca.toml"),
        "settings_folder": lambda: os.mkdir(f"{writable}/sub/cloaca.toml"),
        "settings_by_dots": lambda: open(f"{writable}/sub/../cloaca.toml", "w"),
        "manifest": lambda: open(manifest, "w"),
        "manifest_elsewhere": lambda: open(f"{writable}/sub/package.json", "x"),
        "package": lambda: open(package, "w"),
        "new_package": lambda: open(f"{writable}/.cloaca/packages/json.py", "x"),
        "package_removed": lambda: os.remove(package),
        "packages_made": lambda: os.mkdir(f"{writable}/sub/.cloaca"),
        "packages_renamed": renamed_folder,
        "packages_prepared": prepared_folder,
        "library": lambda: open(library, "w"),
        "library_added": lambda: open(f"{writable}/node_modules/valibot.js", "x"),
        "by_database": lambda: sqlite3.connect(f"{writable}/sub/cloaca.toml").execute("CREATE TABLE t (x)"),
        "by_attached": lambda: attached(f"{writable}/sub/package.json"),
        "by_attached_package": lambda: attached(f"{writable}/.cloaca/packages/made.db"),
        "by_copy": lambda: sqlite3.connect(f"{writable}/own.db").execute(f"VACUUM INTO '{writable}/sub/cloaca.toml'"),
        "by_host": lambda: code(border().files.link(made("new.toml"), f"{writable}/sub/cloaca.toml")),
        "by_runner": lambda: cloaca.DefaultRunner(f"sqlite://{writable}/sub/cloaca.toml"),
        "by_statement": lambda: json.loads(
            border().sqlite.execute(
                border().sqlite.open(f"{writable}/own.db", False, False),
                f"VACUUM INTO '{writable}/sub/made.py'",
                NO_VALUES,
                1,
            )
        )["rows"],
    }
