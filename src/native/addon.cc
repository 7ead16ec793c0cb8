// The Node-API border: takes texts from JavaScript, calls the codec, and answers with a string or with what is wrong.
// Loaded by addon.ts, in any number of threads: it keeps no state, and never calls back into JavaScript.
// No C++ exception may leave this file. A wrong text is an answer; only a misuse that addon.ts excludes is thrown.

#include <napi.h>

#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "canonical.h"
#include "json_text.h"
#include "merge.h"
#include "pick.h"
#include "refusal.h"

namespace {

using cloaca::JsonText;

// Something that is neither a string nor a Uint8Array.
struct NotAText {};

// In UTF-8, every UTF-16 unit takes three bytes at most.
constexpr size_t kMaxBytesPerUnit = 3;

JsonText text_of_string(napi_env env, napi_value string) {
  size_t units = 0;
  if (napi_get_value_string_utf16(env, string, nullptr, 0, &units) != napi_ok) throw NotAText{};
  JsonText text(units * kMaxBytesPerUnit + 1);
  size_t size = 0;
  if (napi_get_value_string_utf8(env, string, text.writable(), units * kMaxBytesPerUnit + 1, &size) != napi_ok) {
    throw NotAText{};
  }
  text.seal(size);
  return text;
}

JsonText text_of(const Napi::Value& value) {
  if (value.IsString()) return text_of_string(value.Env(), value);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) throw NotAText{};
  const auto bytes = value.As<Napi::Uint8Array>();
  return JsonText::copy_of({reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()});
}

Napi::Value string_of(napi_env env, std::string_view utf8) {
  napi_value string = nullptr;
  if (napi_create_string_utf8(env, utf8.data(), utf8.size(), &string) != napi_ok) {
    throw std::bad_alloc();
  }
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
  } catch (const NotAText&) {
    Napi::TypeError::New(env, "The context codec takes strings and Uint8Arrays.").ThrowAsJavaScriptException();
  } catch (const std::bad_alloc&) {
    Napi::RangeError::New(env, "There is not enough memory for the context.").ThrowAsJavaScriptException();
  } catch (...) {
    Napi::Error::New(env, "The context codec failed.").ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

Napi::Value canonicalize(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) { return string_of(env, cloaca::canonicalize(text_of(info[0])).view()); });
}

Napi::Value fingerprint(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    const auto digits = cloaca::fingerprint(text_of(info[0]));
    return string_of(env, {digits.data(), digits.size()});
  });
}

Napi::Value merge(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) {
    if (!info[0].IsArray()) throw NotAText{};
    const auto list = info[0].As<Napi::Array>();
    std::vector<JsonText> texts;
    texts.reserve(list.Length());
    for (uint32_t i = 0; i != list.Length(); ++i) texts.push_back(text_of(list.Get(i)));
    return string_of(env, cloaca::merge(texts).view());
  });
}

Napi::Value pick(const Napi::CallbackInfo& info) {
  return guarded(info, [&](Napi::Env env) -> Napi::Value {
    const JsonText text = text_of(info[0]);
    const JsonText key = text_of(info[1]);
    const auto picked = cloaca::pick(text, key);
    if (!picked) return env.Null();
    return string_of(env, *picked);
  });
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("canonicalize", Napi::Function::New(env, canonicalize, "canonicalize"));
  exports.Set("fingerprint", Napi::Function::New(env, fingerprint, "fingerprint"));
  exports.Set("merge", Napi::Function::New(env, merge, "merge"));
  exports.Set("pick", Napi::Function::New(env, pick, "pick"));
  return exports;
}


}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize)
