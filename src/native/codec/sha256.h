// SHA-256 of bytes in memory. Called by canonical.cc for fingerprints.
// Our own implementation, because OpenSSL inside Node has no stable ABI, no registry that npm reaches has a maintained
// C++ library for it, and a second call from JavaScript to node:crypto is slower.
// Measured with Node 26 on an x86-64 processor with SHA extensions, the best of 40 rounds for one fingerprint:
//
//   context                              100 B     1 kB    10 kB     1 MB
//   fingerprint (this file)            0.88 us   3.1 us    20 us   1.9 ms
//   hash('sha256', canonicalize())     1.18 us   4.0 us    23 us   2.3 ms
//
// Uses the SHA extensions of x86-64 processors if they are found at run time: about 8 times as fast as the portable
// code.

#ifndef CLOACA_SHA256_H_
#define CLOACA_SHA256_H_

#include <array>
#include <string_view>

namespace cloaca {

// 64 hexadecimal digits, lower case.
std::array<char, 64> sha256_hex(std::string_view bytes);

// Digest without the SHA extensions of the processor. For tests.
std::array<char, 64> sha256_hex_portable(std::string_view bytes);

}  // namespace cloaca

#endif  // CLOACA_SHA256_H_
