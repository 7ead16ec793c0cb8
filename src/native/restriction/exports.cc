#include "exports.h"

#include <cstdint>
#include <string>
#include <vector>

#include "confinement.h"
#include "sqlite_files.h"

namespace {

// Thrown when arguments are not those of confinement.ts and sqlite-files.ts.
struct Misuse {};

// Runs one function, and keeps every exception on this side.
template <typename Work>
Napi::Value guarded(const Napi::CallbackInfo& info, Work work) {
  const Napi::Env env = info.Env();
  try {
    return work(env);
  } catch (const Misuse&) {
    Napi::TypeError::New(env, "The addon was called with unexpected arguments.").ThrowAsJavaScriptException();
  } catch (...) {
    Napi::Error::New(env, "The addon failed.").ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

bool flag_of(const Napi::Value& value) {
  if (!value.IsBoolean()) throw Misuse{};
  return value.As<Napi::Boolean>().Value();
}

int integer_of(const Napi::Value& value) {
  if (!value.IsNumber()) throw Misuse{};
  return value.As<Napi::Number>().Int32Value();
}

template <typename Item, typename Convert>
std::vector<Item> list_of(const Napi::Value& value, Convert convert) {
  if (!value.IsArray()) throw Misuse{};
  const auto array = value.As<Napi::Array>();
  std::vector<Item> items;
  for (uint32_t i = 0; i != array.Length(); ++i) items.push_back(convert(array.Get(i)));
  return items;
}

std::vector<std::string> paths_of(const Napi::Value& value) {
  return list_of<std::string>(value, [](const Napi::Value& path) {
    if (!path.IsString()) throw Misuse{};
    return path.As<Napi::String>().Utf8Value();
  });
}

Napi::Value set_sqlite_folders(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    return Napi::Boolean::New(env, cloaca::set_sqlite_folders({paths_of(info[0]), paths_of(info[1])}));
  });
}

Napi::Value is_sqlite_guarded(const Napi::CallbackInfo& info) {
  return guarded(
      info, [&](Napi::Env env) -> Napi::Value { return Napi::Boolean::New(env, cloaca::is_sqlite_guarded()); });
}

// [path, whether it was to be written, …]
Napi::Value take_sqlite_refusals(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    Napi::Array answer = Napi::Array::New(env);
    for (const cloaca::SqliteRefusal& each : cloaca::take_sqlite_refusals()) {
      answer.Set(answer.Length(), Napi::String::New(env, each.path));
      answer.Set(answer.Length(), Napi::Boolean::New(env, each.is_to_write));
    }
    return answer;
  });
}

// Readable, writable and executable paths; whether all TCP ports may be used, else the permitted ports.
Napi::Value make_confinement(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const cloaca::ConfinedFiles files{paths_of(info[0]), paths_of(info[1]), paths_of(info[2])};
    const auto ports = list_of<uint16_t>(info[4], [](const Napi::Value& port) {
      return static_cast<uint16_t>(integer_of(port));
    });
    return Napi::Number::New(env, cloaca::make_confinement(files, {flag_of(info[3]), ports}));
  });
}

Napi::Value set_child_confinement(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    return Napi::Number::New(env, cloaca::set_child_confinement(integer_of(info[0])));
  });
}

Napi::Value child_confinement_error(const Napi::CallbackInfo& info) {
  return guarded(
      info, [&](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, cloaca::child_confinement_error()); });
}

Napi::Value forbid_system_calls(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    return Napi::Number::New(env, cloaca::forbid_system_calls(flag_of(info[0])));
  });
}

}  // namespace

namespace cloaca {

void export_restriction(Napi::Env env, Napi::Object exports) {
  exports.Set("setSqliteFolders", Napi::Function::New(env, ::set_sqlite_folders, "setSqliteFolders"));
  exports.Set("isSqliteGuarded", Napi::Function::New(env, ::is_sqlite_guarded, "isSqliteGuarded"));
  exports.Set("takeSqliteRefusals", Napi::Function::New(env, ::take_sqlite_refusals, "takeSqliteRefusals"));
  exports.Set("makeConfinement", Napi::Function::New(env, ::make_confinement, "makeConfinement"));
  exports.Set("setChildConfinement", Napi::Function::New(env, ::set_child_confinement, "setChildConfinement"));
  exports.Set("childConfinementError", Napi::Function::New(env, ::child_confinement_error, "childConfinementError"));
  exports.Set("forbidSystemCalls", Napi::Function::New(env, ::forbid_system_calls, "forbidSystemCalls"));
}

}  // namespace cloaca
