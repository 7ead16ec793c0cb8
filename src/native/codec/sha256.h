// SHA-256 of bytes in memory. Called by canonical.cc for fingerprints.
// Written here because nothing better fits: OpenSSL inside Node has no stable ABI, no registry that npm reaches serves a
// maintained C++ library of it, and a second call from JavaScript to node:crypto costs more than hashing a small context.
// Where an x86-64 processor has the SHA extensions they are used, found out at run time: about 8 times the portable code.

#ifndef CLOACA_SHA256_H_
#define CLOACA_SHA256_H_

#include <array>
#include <string_view>

namespace cloaca {

// 64 hexadecimal digits, lower case.
std::array<char, 64> sha256_hex(std::string_view bytes);

// As sha256_hex, without the processor's help. For tests.
std::array<char, 64> sha256_hex_portable(std::string_view bytes);

}  // namespace cloaca

#endif  // CLOACA_SHA256_H_
