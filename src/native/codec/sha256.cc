// SHA-256: see sha256.h. The algorithm and its names are those of FIPS 180-4, sections 5 and 6.2.

#include "sha256.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) || defined(_M_X64)
#define CLOACA_HAS_SHA_NI 1
#include <immintrin.h>
#if defined(_MSC_VER)
#include <intrin.h>
#define CLOACA_TARGET_SHA
#else
#include <cpuid.h>
#define CLOACA_TARGET_SHA __attribute__((target("sha,sse4.1,ssse3")))
#endif
#else
#define CLOACA_HAS_SHA_NI 0
#endif

namespace cloaca {

namespace {

constexpr size_t kBlock = 64;

using State = std::array<uint32_t, 8>;
using Compress = void (*)(State& state, const uint8_t* block, size_t count);

constexpr State kInitialState = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t rotate_right(uint32_t word, int count) { return word >> count | word << (32 - count); }

uint32_t load_big_endian(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 | static_cast<uint32_t>(at[2]) << 8 |
         static_cast<uint32_t>(at[3]);
}

void compress_portable(State& state, const uint8_t* block, size_t count) {
  for (; count > 0; --count, block += kBlock) {
    uint32_t w[64];
    for (size_t t = 0; t < 16; ++t) w[t] = load_big_endian(block + 4 * t);
    for (size_t t = 16; t < 64; ++t) {
      const uint32_t s0 = rotate_right(w[t - 15], 7) ^ rotate_right(w[t - 15], 18) ^ w[t - 15] >> 3;
      const uint32_t s1 = rotate_right(w[t - 2], 17) ^ rotate_right(w[t - 2], 19) ^ w[t - 2] >> 10;
      w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (size_t t = 0; t < 64; ++t) {
      const uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
      const uint32_t choice = (e & f) ^ (~e & g);
      const uint32_t t1 = h + sum1 + choice + kRound[t] + w[t];
      const uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
      const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
      h = g, g = f, f = e, e = d + t1;
      d = c, c = b, b = a, a = t1 + sum0 + majority;
    }
    const State rounds = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < state.size(); ++i) state[i] += rounds[i];
  }
}

#if CLOACA_HAS_SHA_NI

// The instructions keep the state in two vectors, {a, b, e, f} and {c, d, g, h}, highest word first, and do two rounds
// at a time. `w` holds the next sixteen words of the message schedule as a ring of four vectors.
CLOACA_TARGET_SHA void compress_sha_ni(State& state, const uint8_t* block, size_t count) {
  const __m128i byte_order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&state[0]));
  const __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&state[4]));
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

  for (; count > 0; --count, block += kBlock) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i), byte_order);
    }
    for (int group = 0; group < 16; ++group) {
      const __m128i words = w[group & 3];
      const __m128i words_and_constants =
          _mm_add_epi32(words, _mm_load_si128(reinterpret_cast<const __m128i*>(kRound) + group));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words_and_constants);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words_and_constants, 0x0e));
      if (group < 12) {
        const __m128i last = w[(group + 3) & 3];
        const __m128i seven_back = _mm_alignr_epi8(last, w[(group + 2) & 3], 4);
        const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(words, w[(group + 1) & 3]), seven_back);
        w[group & 3] = _mm_sha256msg2_epu32(sum, last);
      }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }

  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&state[0]), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&state[4]), _mm_alignr_epi8(dchg, feba, 8));
}

bool has_sha_ni() {
  constexpr unsigned kSsse3AndSse41 = 1u << 9 | 1u << 19;  // leaf 1, ECX
  constexpr unsigned kSha = 1u << 29;                      // leaf 7, EBX
#if defined(_MSC_VER)
  int leaf[4];
  __cpuid(leaf, 0);
  if (leaf[0] < 7) return false;
  __cpuid(leaf, 1);
  const unsigned vectors = static_cast<unsigned>(leaf[2]);
  __cpuidex(leaf, 7, 0);
  const unsigned extensions = static_cast<unsigned>(leaf[1]);
#else
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return false;
  const unsigned vectors = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  const unsigned extensions = ebx;
#endif
  return (vectors & kSsse3AndSse41) == kSsse3AndSse41 && (extensions & kSha) != 0;
}

#endif

Compress best_compress() {
#if CLOACA_HAS_SHA_NI
  if (has_sha_ni()) return compress_sha_ni;
#endif
  return compress_portable;
}

std::array<char, 64> hex_of(const State& state) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<char, 64> hex;
  for (size_t i = 0; i < hex.size(); ++i) hex[i] = kDigits[state[i / 8] >> (28 - 4 * (i % 8)) & 0xf];
  return hex;
}

std::array<char, 64> hash(std::string_view bytes, Compress compress) {
  State state = kInitialState;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t whole_blocks = bytes.size() / kBlock;
  if (whole_blocks > 0) compress(state, data, whole_blocks);

  // Remaining bytes, a one bit, zeros, and the length in bits as eight bytes.
  uint8_t tail[2 * kBlock] = {};
  const size_t rest = bytes.size() % kBlock;
  if (rest > 0) std::memcpy(tail, data + whole_blocks * kBlock, rest);
  tail[rest] = 0x80;
  const size_t tail_size = rest + 9 <= kBlock ? kBlock : 2 * kBlock;
  const uint64_t bits = static_cast<uint64_t>(bytes.size()) * 8;
  for (size_t i = 0; i < 8; ++i) tail[tail_size - 1 - i] = static_cast<uint8_t>(bits >> (8 * i));
  compress(state, tail, tail_size / kBlock);
  return hex_of(state);
}

}  // namespace

std::array<char, 64> sha256_hex(std::string_view bytes) {
  static const Compress compress = best_compress();
  return hash(bytes, compress);
}

std::array<char, 64> sha256_hex_portable(std::string_view bytes) { return hash(bytes, compress_portable); }

}  // namespace cloaca
