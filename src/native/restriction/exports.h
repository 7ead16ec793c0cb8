// Exports the functions of this folder to JavaScript. Called by addon.cc.

#pragma once

#include <napi.h>

namespace cloaca {

void export_restriction(Napi::Env env, Napi::Object exports);

}  // namespace cloaca
