// Limits the files that SQLite opens in a restricted interpreter. SQLite opens files by itself, without Node:
// databases, journals, and the files that ATTACH and VACUUM INTO name. Its own file layer (VFS) receives all of them,
// with absolute names.

#pragma once

#include <string>
#include <vector>

namespace cloaca {

// Folders with links resolved. A file may be opened if its folder is one of them, or below one.
struct SqliteFolders {
  std::vector<std::string> readable;
  std::vector<std::string> writable;
};

struct SqliteRefusal {
  std::string path;
  bool is_to_write;
};

// Sets the folders once per process; false if they are set already. They apply after `cloaca_guard_sqlite`, the entry
// point of the addon as an extension of SQLite.
bool set_sqlite_folders(SqliteFolders folders);

// Whether SQLite has loaded the extension: from then on nothing else is opened, and no further extension is loaded.
bool is_sqlite_guarded();

// Returns the refused files since the last call, the oldest first.
std::vector<SqliteRefusal> take_sqlite_refusals();

}  // namespace cloaca
