// Node-API border. Functions of the codec take texts from JavaScript and return a string or the fault of a text.
// Functions for file locks, pipes, groups, offsets, signals and timers take and return numbers. Loaded by binary.ts, in
// any number of threads: it keeps no state, and never calls JavaScript. No C++ exception may leave this file. A wrong
// text is a result; only a misuse that addon.ts and file-locks.ts exclude is thrown.

#include <napi.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "child_group.h"
#include "codec/canonical.h"
#include "control_thread.h"
#include "codec/encodings.h"
#include "file_locks.h"
#include "codec/json_text.h"
#include "codec/merge.h"
#include "codec/pick.h"
#include "codec/refusal.h"
#include "handed_files.h"
#include "restriction/exports.h"

namespace {

using cloaca::JsonText;
using cloaca::Repertoire;

// Memory of SignalMailbox: its words begin after the byte that Pyodide watches and three bytes of padding.
constexpr size_t kMailboxWordsAt = 4;
constexpr size_t kMailboxBytes = kMailboxWordsAt + 7 * sizeof(int32_t);

// Thrown when arguments are not those of addon.ts and file-locks.ts.
struct Misuse {};

// Texts in one Uint8Array, each followed by its padding.
class HandedOver {
 public:
  explicit HandedOver(const Napi::Value& memory) {
    napi_typedarray_type type;
    void* data = nullptr;
    const napi_status status =
        napi_get_typedarray_info(memory.Env(), memory, &type, &left_, &data, nullptr, nullptr);
    if (status != napi_ok || type != napi_uint8_array) throw Misuse{};
    at_ = static_cast<char*>(data);
  }

  JsonText next(const Napi::Value& length) {
    int64_t size = -1;
    if (napi_get_value_int64(length.Env(), length, &size) != napi_ok || size < 0) throw Misuse{};
    const size_t taken = static_cast<size_t>(size) + JsonText::kPadding;
    if (taken > left_) throw Misuse{};
    const JsonText text(at_, static_cast<size_t>(size));
    at_ += taken;
    left_ -= taken;
    return text;
  }

 private:
  char* at_ = nullptr;
  size_t left_ = 0;
};

// `utf8` must lie in a JsonText or an Output.
Napi::Value string_of(napi_env env, std::string_view utf8) {
  napi_value string = nullptr;
  napi_status status = napi_generic_failure;
  switch (cloaca::repertoire_of(utf8)) {
    case Repertoire::ascii:
      status = napi_create_string_latin1(env, utf8.data(), utf8.size(), &string);
      break;
    case Repertoire::latin1: {
      const auto units = std::unique_ptr<char[]>(new char[utf8.size() + cloaca::kSpareUnits]);
      status = napi_create_string_latin1(env, units.get(), cloaca::write_latin1(utf8, units.get()), &string);
      break;
    }
    case Repertoire::unicode: {
      const auto units = std::unique_ptr<char16_t[]>(new char16_t[utf8.size() + cloaca::kSpareUnits]);
      status = napi_create_string_utf16(env, units.get(), cloaca::write_utf16(utf8, units.get()), &string);
      break;
    }
  }
  if (status != napi_ok) throw std::bad_alloc();
  return Napi::Value(env, string);
}

// [fault, byte offset, position]: see FaultAnswer in addon.ts.
Napi::Value answer_of(Napi::Env env, const cloaca::Refusal& refusal) {
  Napi::Array answer = Napi::Array::New(env, 3);
  answer.Set(0u, Napi::Number::New(env, static_cast<double>(refusal.fault)));
  answer.Set(1u, Napi::Number::New(env, static_cast<double>(refusal.byte_offset)));
  answer.Set(2u, Napi::Number::New(env, static_cast<double>(refusal.position)));
  return answer;
}

// Runs one function of the codec, and keeps every exception on this side.
template <typename Work>
Napi::Value guarded(const Napi::CallbackInfo& info, Work work) {
  const Napi::Env env = info.Env();
  try {
    return work(env);
  } catch (const cloaca::Refusal& refusal) {
    return answer_of(env, refusal);
  } catch (const Misuse&) {
    Napi::TypeError::New(env, "The addon was called with unexpected arguments.").ThrowAsJavaScriptException();
  } catch (const std::bad_alloc&) {
    Napi::RangeError::New(env, "There is not enough memory for the context.").ThrowAsJavaScriptException();
  } catch (...) {
    Napi::Error::New(env, "The addon failed.").ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

Napi::Value canonicalize(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    return string_of(env, cloaca::canonicalize(HandedOver(info[0]).next(info[1])).view());
  });
}

Napi::Value fingerprint(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const auto digits = cloaca::fingerprint(HandedOver(info[0]).next(info[1]));
    return Napi::String::New(env, digits.data(), digits.size());
  });
}

std::vector<JsonText> texts_of(const Napi::CallbackInfo& info) {
  if (!info[1].IsArray()) throw Misuse{};
  const auto lengths = info[1].As<Napi::Array>();
  HandedOver handed_over(info[0]);
  std::vector<JsonText> texts;
  for (uint32_t i = 0; i != lengths.Length(); ++i) texts.push_back(handed_over.next(lengths.Get(i)));
  return texts;
}

Napi::Value merge(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) { return string_of(env, cloaca::merge(texts_of(info)).view()); });
}

// [merged text, fingerprint of the first]
Napi::Value merge_with_fingerprint(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const std::vector<JsonText> texts = texts_of(info);
    if (texts.empty()) throw Misuse{};
    const auto merged = cloaca::merge(texts);
    const auto digits = cloaca::fingerprint(texts.front());
    Napi::Array answer = Napi::Array::New(env, 2);
    answer.Set(0u, string_of(env, merged.view()));
    answer.Set(1u, Napi::String::New(env, digits.data(), digits.size()));
    return answer;
  });
}

Napi::Value pick(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    HandedOver handed_over(info[0]);
    const JsonText text = handed_over.next(info[1]);
    const JsonText key = handed_over.next(info[2]);
    const auto picked = cloaca::pick(text, key);
    if (!picked) return env.Null();
    return string_of(env, *picked);
  });
}

int64_t integer_of(const Napi::Value& value) {
  int64_t number = 0;
  if (napi_get_value_int64(value.Env(), value, &number) != napi_ok) throw Misuse{};
  return number;
}

cloaca::RecordLock record_lock_of(const Napi::Value& value) {
  const int64_t number = integer_of(value);
  if (number < 0 || number > 2) throw Misuse{};
  return static_cast<cloaca::RecordLock>(number);
}

Napi::Value lock_file(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const int descriptor = static_cast<int>(integer_of(info[0]));
    return Napi::Number::New(env, cloaca::lock_file(descriptor, static_cast<int>(integer_of(info[1]))));
  });
}

Napi::Value sync_file(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    return Napi::Number::New(env, cloaca::sync_file(static_cast<int>(integer_of(info[0]))));
  });
}

Napi::Value lock_records(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const int descriptor = static_cast<int>(integer_of(info[0]));
    const cloaca::ByteRange range{integer_of(info[2]), integer_of(info[3])};
    return Napi::Number::New(env, cloaca::lock_records(descriptor, record_lock_of(info[1]), range));
  });
}

// [error number, lock, start, length, holder]
Napi::Value test_records(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const int descriptor = static_cast<int>(integer_of(info[0]));
    const cloaca::ByteRange range{integer_of(info[2]), integer_of(info[3])};
    cloaca::Obstacle obstacle{cloaca::RecordLock::none, {0, 0}, 0};
    const int error = cloaca::test_records(descriptor, record_lock_of(info[1]), range, obstacle);
    Napi::Array answer = Napi::Array::New(env, 5);
    answer.Set(0u, Napi::Number::New(env, error));
    answer.Set(1u, Napi::Number::New(env, static_cast<int>(obstacle.lock)));
    answer.Set(2u, Napi::Number::New(env, static_cast<double>(obstacle.range.start)));
    answer.Set(3u, Napi::Number::New(env, static_cast<double>(obstacle.range.length)));
    answer.Set(4u, Napi::Number::New(env, static_cast<double>(obstacle.holder)));
    return answer;
  });
}

// Never frees its memory: the thread that writes into it ends with the process.
Napi::Value start_control_thread(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    const napi_status status = napi_get_typedarray_info(env, info[1], &type, &length, &data, nullptr, nullptr);
    const bool is_mailbox = status == napi_ok && type == napi_uint8_array && length >= kMailboxBytes;
    if (!is_mailbox || !info[2].IsFunction()) throw Misuse{};
    auto* memory = static_cast<uint8_t*>(data);
    new Napi::Reference<Napi::Value>(Napi::Persistent(info[1]));
    auto notify = Napi::ThreadSafeFunction::New(env, info[2].As<Napi::Function>(), "cloaca.control", 0, 1);
    notify.Unref(env);
    const cloaca::Mailbox mailbox{memory, reinterpret_cast<int32_t*>(memory + kMailboxWordsAt)};
    const int descriptor = static_cast<int>(integer_of(info[0]));
    return Napi::Number::New(
        env, cloaca::start_control_thread(descriptor, mailbox, [notify] { notify.NonBlockingCall(); }));
  });
}

Napi::Value set_thresholds(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    cloaca::set_thresholds({static_cast<uint32_t>(integer_of(info[0])), static_cast<uint32_t>(integer_of(info[1]))});
    return env.Undefined();
  });
}

Napi::Value limit_open_files(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    return Napi::Number::New(env, cloaca::limit_open_files(static_cast<uint32_t>(integer_of(info[0]))));
  });
}

Napi::Value set_running_token(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    const napi_status status = napi_get_typedarray_info(env, info[0], &type, &length, &data, nullptr, nullptr);
    if (status != napi_ok || type != napi_int32_array || length < 1) throw Misuse{};
    cloaca::set_running_token(static_cast<const int32_t*>(data));
    return env.Undefined();
  });
}

Napi::Value set_signal_action(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const int64_t action = integer_of(info[1]);
    if (action < 0 || action > 2) throw Misuse{};
    return Napi::Number::New(env, cloaca::set_signal_action(static_cast<int>(integer_of(info[0])),
                                                            static_cast<cloaca::SignalAction>(action)));
  });
}

Napi::Value set_interval_timer(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const int64_t timer = integer_of(info[0]);
    if (timer < 0 || timer > 2) throw Misuse{};
    return Napi::Number::New(env, cloaca::set_interval_timer(static_cast<cloaca::IntervalTimer>(timer),
                                                             integer_of(info[1]), integer_of(info[2])));
  });
}

// [error number, one end, the other end]
template <int (*open_ends)(int (&)[2])>
Napi::Value open_two_ends(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    int ends[2] = {-1, -1};
    const int error = open_ends(ends);
    Napi::Array answer = Napi::Array::New(env, 3);
    answer.Set(0u, Napi::Number::New(env, error));
    answer.Set(1u, Napi::Number::New(env, ends[0]));
    answer.Set(2u, Napi::Number::New(env, ends[1]));
    return answer;
  });
}

Napi::Value move_offset(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const int descriptor = static_cast<int>(integer_of(info[0]));
    const int64_t moved = cloaca::move_offset(descriptor, integer_of(info[1]), static_cast<int>(integer_of(info[2])));
    return Napi::Number::New(env, static_cast<double>(moved));
  });
}

Napi::Value access_mode(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    return Napi::Number::New(env, cloaca::access_mode(static_cast<int>(integer_of(info[0]))));
  });
}

Napi::Value make_named_pipe(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const std::string path = info[0].As<Napi::String>().Utf8Value();
    const int error = cloaca::make_named_pipe(path.c_str(), static_cast<unsigned>(integer_of(info[1])));
    return Napi::Number::New(env, error);
  });
}

Napi::Value replace_descriptor(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const int replaced = static_cast<int>(integer_of(info[0]));
    return Napi::Number::New(env, cloaca::replace_descriptor(replaced, static_cast<int>(integer_of(info[1]))));
  });
}

Napi::Value set_child_group(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    return Napi::Number::New(env, cloaca::set_child_group(static_cast<int>(integer_of(info[0]))));
  });
}

Napi::Value child_group_error(const Napi::CallbackInfo& info) {
  return guarded(
      info, [&](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, cloaca::child_group_error()); });
}

// INTERFACE_VERSION in binary.ts. Incremented when a function or its arguments change, so that an old binary is
// noticed.
constexpr int kInterfaceVersion = 12;

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("canonicalize", Napi::Function::New(env, canonicalize, "canonicalize"));
  exports.Set("fingerprint", Napi::Function::New(env, fingerprint, "fingerprint"));
  exports.Set("merge", Napi::Function::New(env, merge, "merge"));
  exports.Set("mergeWithFingerprint", Napi::Function::New(env, merge_with_fingerprint, "mergeWithFingerprint"));
  exports.Set("pick", Napi::Function::New(env, pick, "pick"));
  exports.Set("lockFile", Napi::Function::New(env, lock_file, "lockFile"));
  exports.Set("lockRecords", Napi::Function::New(env, lock_records, "lockRecords"));
  exports.Set("testRecords", Napi::Function::New(env, test_records, "testRecords"));
  exports.Set("syncFile", Napi::Function::New(env, sync_file, "syncFile"));
  exports.Set("startControlThread", Napi::Function::New(env, start_control_thread, "startControlThread"));
  exports.Set("setThresholds", Napi::Function::New(env, set_thresholds, "setThresholds"));
  exports.Set("limitOpenFiles", Napi::Function::New(env, limit_open_files, "limitOpenFiles"));
  exports.Set("setRunningToken", Napi::Function::New(env, set_running_token, "setRunningToken"));
  exports.Set("setSignalAction", Napi::Function::New(env, set_signal_action, "setSignalAction"));
  exports.Set("setIntervalTimer", Napi::Function::New(env, set_interval_timer, "setIntervalTimer"));
  exports.Set("openPipe", Napi::Function::New(env, open_two_ends<cloaca::open_pipe>, "openPipe"));
  exports.Set("openSocketPair", Napi::Function::New(env, open_two_ends<cloaca::open_socket_pair>, "openSocketPair"));
  exports.Set("moveOffset", Napi::Function::New(env, move_offset, "moveOffset"));
  exports.Set("accessMode", Napi::Function::New(env, access_mode, "accessMode"));
  exports.Set("makeNamedPipe", Napi::Function::New(env, make_named_pipe, "makeNamedPipe"));
  exports.Set("replaceDescriptor", Napi::Function::New(env, replace_descriptor, "replaceDescriptor"));
  exports.Set("setChildGroup", Napi::Function::New(env, set_child_group, "setChildGroup"));
  exports.Set("childGroupError", Napi::Function::New(env, child_group_error, "childGroupError"));
  cloaca::export_restriction(env, exports);
  exports.Set("interfaceVersion", Napi::Number::New(env, kInterfaceVersion));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize)
