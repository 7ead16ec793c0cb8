// Merges contexts, as codec.ts describes it. Called by addon.cc, the fuzzer and the sanitizer's driver.
// Members of a single text are copied unchanged. The rest is written without white space.

#ifndef CLOACA_MERGE_H_
#define CLOACA_MERGE_H_

#include <vector>

#include "json_text.h"
#include "output.h"

namespace cloaca {

// Throws a Refusal with the position of the text that is wrong, and std::bad_alloc.
Output merge(const std::vector<JsonText>& texts);

}  // namespace cloaca

#endif  // CLOACA_MERGE_H_
