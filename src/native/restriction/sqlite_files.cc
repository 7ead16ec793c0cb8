#include "sqlite_files.h"

#include <sqlite3ext.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

SQLITE_EXTENSION_INIT1

#if defined(_WIN32)
#define CLOACA_EXPORT __declspec(dllexport)
#else
#define CLOACA_EXPORT __attribute__((visibility("default")))
#endif

namespace cloaca {
namespace {

namespace fs = std::filesystem;

enum class Access { none, read, write };

struct Originals {
  decltype(sqlite3_vfs::xOpen) open;
  decltype(sqlite3_vfs::xDelete) remove;
  decltype(sqlite3_vfs::xAccess) access;
};

constexpr int kWriting = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_DELETEONCLOSE;
constexpr size_t kMaxRefusals = 100;
// Its files are in memory, whatever their names.
constexpr const char* kInMemory = "memdb";

// Only the one thread of an interpreter that uses SQLite accesses this state.
std::optional<SqliteFolders> folders;
std::map<const sqlite3_vfs*, Originals> originals;
std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods_without_shared_memory;
std::vector<SqliteRefusal> refusals;
bool is_guarded = false;

// Names of files and folders that the next start reads or runs, and suffixes of modules. A grant to write the folder
// around them does not include them: see src/border/kept-files.ts.
const std::set<std::string> kKeptFiles{"cloaca.toml", "package.json"};
const std::set<std::string> kKeptFolders{".cloaca", "node_modules"};
const std::set<std::string> kModuleEnds{".py",  ".pyc", ".pyw", ".pth", ".so", ".ts",
                                        ".mts", ".cts", ".js",  ".mjs", ".cjs"};

std::string in_lower_case(const fs::path& name) {
  std::string text = name.u8string();
  for (char& letter : text) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  return text;
}

bool is_kept_name(const fs::path& name) {
  return kKeptFiles.count(in_lower_case(name)) != 0 || kModuleEnds.count(in_lower_case(name.extension())) != 0;
}

bool is_within(const fs::path& folder, const std::vector<std::string>& roots,
               const std::set<std::string>& excluded = {}) {
  const auto is_excluded = [&](const fs::path& name) { return excluded.count(in_lower_case(name)) != 0; };
  for (const std::string& root : roots) {
    const fs::path above = fs::u8path(root);
    const auto [left, right] = std::mismatch(above.begin(), above.end(), folder.begin(), folder.end());
    if (left == above.end() && std::none_of(right, folder.end(), is_excluded)) return true;
  }
  return false;
}

// SQLite has resolved links in the name of a database. Links in names that it derives from that name, or reads in a
// journal, are resolved here.
Access access_to(const char* name) {
  if (!folders) return Access::none;
  std::error_code error;
  const fs::path path = fs::u8path(name);
  if (!path.is_absolute() || fs::is_symlink(fs::symlink_status(path, error))) return Access::none;
  const fs::path folder = fs::canonical(path.parent_path(), error);
  if (error) return Access::none;
  if (!is_kept_name(path.filename()) && is_within(folder, folders->writable, kKeptFolders)) return Access::write;
  return is_within(folder, folders->readable) ? Access::read : Access::none;
}

int refuse(const char* name, bool is_to_write) {
  if (refusals.size() < kMaxRefusals) refusals.push_back({name, is_to_write});
  return SQLITE_CANTOPEN;
}

// SQLite itself creates the shared memory of a WAL database next to it. In a read-only folder there is none.
void take_shared_memory_away(sqlite3_file* file) {
  if (file->pMethods == nullptr || file->pMethods->iVersion < 2) return;
  const auto [found, is_new] = methods_without_shared_memory.try_emplace(file->pMethods, *file->pMethods);
  if (is_new) found->second.iVersion = 1;
  file->pMethods = &found->second;
}

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_then) noexcept {
  file->pMethods = nullptr;
  const auto open = originals.at(vfs).open;
  // A temporary file, whose place SQLite chooses.
  if (name == nullptr) return open(vfs, name, file, flags, flags_then);
  try {
    const bool is_to_write = (flags & kWriting) != 0;
    const Access access = access_to(name);
    if (access == Access::write) return open(vfs, name, file, flags, flags_then);
    // A main database without write access is opened read-only, as SQLite itself does on a read-only disk.
    const bool may_be_read_only = (flags & SQLITE_OPEN_MAIN_DB) != 0 && (flags & SQLITE_OPEN_DELETEONCLOSE) == 0;
    if (access == Access::none || (is_to_write && !may_be_read_only)) return refuse(name, is_to_write);
    const int status = open(vfs, name, file, (flags & ~kWriting) | SQLITE_OPEN_READONLY, flags_then);
    if (status == SQLITE_OK) take_shared_memory_away(file);
    return status;
  } catch (...) {
    return SQLITE_CANTOPEN;
  }
}

int remove_file(sqlite3_vfs* vfs, const char* name, int sync_folder) noexcept {
  try {
    if (access_to(name) != Access::write) return refuse(name, true);
    return originals.at(vfs).remove(vfs, name, sync_folder);
  } catch (...) {
    return SQLITE_CANTOPEN;
  }
}

int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* answer) noexcept {
  try {
    *answer = 0;
    if (access_to(name) == Access::none) return SQLITE_OK;
    return originals.at(vfs).access(vfs, name, flags, answer);
  } catch (...) {
    return SQLITE_CANTOPEN;
  }
}

void* open_library(sqlite3_vfs*, const char*) noexcept { return nullptr; }

void explain_library(sqlite3_vfs*, int size, char* message) noexcept {
  sqlite3_snprintf(size, message, "not authorized");
}

void guard(sqlite3_vfs& vfs) {
  vfs.xDlOpen = open_library;
  vfs.xDlError = explain_library;
  if (std::strcmp(vfs.zName, kInMemory) == 0) return;
  originals.emplace(&vfs, Originals{vfs.xOpen, vfs.xDelete, vfs.xAccess});
  vfs.xOpen = open_file;
  vfs.xDelete = remove_file;
  vfs.xAccess = access_file;
}

}  // namespace

bool set_sqlite_folders(SqliteFolders given) {
  if (folders) return false;
  folders = std::move(given);
  return true;
}

bool is_sqlite_guarded() { return is_guarded; }

std::vector<SqliteRefusal> take_sqlite_refusals() { return std::exchange(refusals, {}); }

}  // namespace cloaca

// Changes each layer in place, so that no layer can be reached by its name.
extern "C" CLOACA_EXPORT int cloaca_guard_sqlite(sqlite3*, char**, const sqlite3_api_routines* routines) {
  SQLITE_EXTENSION_INIT2(routines);
  if (cloaca::is_guarded) return SQLITE_ERROR;
  for (sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr); vfs != nullptr; vfs = vfs->pNext) cloaca::guard(*vfs);
  cloaca::is_guarded = true;
  return SQLITE_OK_LOAD_PERMANENTLY;
}
