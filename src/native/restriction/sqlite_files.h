// Limits the files that SQLite opens in a restricted interpreter. SQLite opens files by itself, without asking Node: databases,
// journals, and the files that ATTACH and VACUUM INTO name. Its own file layer (VFS) is the one place that sees them all, with names
// that SQLite has already made absolute.

#pragma once

#include <string>
#include <vector>

namespace cloaca {

// Folders with their symbolic links resolved. A file may be opened if the folder that it is in is one of them, or below one.
struct SqliteFolders {
  std::vector<std::string> readable;
  std::vector<std::string> writable;
};

struct SqliteRefusal {
  std::string path;
  bool is_to_write;
};

// Sets the folders, once per process; false where they are set already. They apply from `cloaca_guard_sqlite` on, the entry point
// of the addon as an extension of SQLite.
bool set_sqlite_folders(SqliteFolders folders);

// Whether SQLite has loaded the extension: from then on nothing else is opened, and no further extension is loaded.
bool is_sqlite_guarded();

// Returns the refused files since the last call, the oldest first.
std::vector<SqliteRefusal> take_sqlite_refusals();

}  // namespace cloaca
