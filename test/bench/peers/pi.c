// pi from random points, in C: sample for sample the arithmetic of lib/sampling/kernel.ts, so the counts are equal.
//
// One sample at a time, as kernel.ts; four at a time, as WebAssembly; as many as the widest vectors here take:
//   cc -O3 -ffp-contract=off -fno-tree-vectorize pi.c -o pi-scalar
//   cc -O3 -ffp-contract=off -DSIMD pi.c -o pi-sse2
//   cc -O3 -ffp-contract=off -DSIMD -march=native -funroll-loops pi.c -o pi-native
//
// -ffp-contract=off: a fused x * x + y * y rounds once where float32 rounds twice, and counts other samples.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 65536, LANES = 4 };

// Philox 4x32-10 (J. Salmon and others, 'Parallel random numbers: as easy as 1, 2, 3', SC 2011), in place.
static void philox(uint32_t c[4], uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; round++, k0 += 0x9e3779b9, k1 += 0xbb67ae85) {
    uint64_t p0 = (uint64_t)0xd2511f53 * c[0], p1 = (uint64_t)0xcd9e8d57 * c[2];
    c[0] = (uint32_t)(p1 >> 32) ^ c[1] ^ k0;
    c[1] = (uint32_t)p1;
    c[2] = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
    c[3] = (uint32_t)p0;
  }
}

// One step of xoshiro128+ (D. Blackman, S. Vigna, ACM TOMS 47, 2021); its output is s[0] + s[3] before the step.
#define STEP(s) do { \
    __typeof__(s[0]) t = s[1] << 9; \
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3], s[2] ^= t; \
    s[3] = s[3] << 11 | s[3] >> 21; \
  } while (0)

#ifndef SIMD

static const char *const PEER = "c-scalar";

// A lane at a time. Its loop carries the generator from sample to sample, so there is nothing to vectorise across
// samples; -fno-tree-vectorize keeps the compiler from pairing x with y, which would be a SIMD program by accident.
static uint64_t count(const uint32_t key[2], uint64_t samples) {
  uint64_t inside = 0;
  for (uint64_t block = 0; block * BLOCK < samples; block++) {
    uint64_t left = samples - block * BLOCK;
    for (uint32_t lane = 0, to = left < BLOCK ? left : BLOCK; lane < LANES; lane++) {
      uint32_t x[4] = {lane, 0, block, block >> 32}, y[4] = {lane, 1, block, block >> 32};
      philox(x, key[0], key[1]);
      philox(y, key[0], key[1]);
      for (uint32_t j = lane; j < to; j += LANES) {
        float u = (int32_t)((x[0] + x[3]) >> 8) * 0x1p-24f, v = (int32_t)((y[0] + y[3]) >> 8) * 0x1p-24f;
        inside += u * u + v * v <= 1;
        STEP(x);
        STEP(y);
      }
    }
  }
  return inside;
}

#else

#if defined __AVX512F__
enum { WIDTH = 16 };
static const char *const PEER = "c-simd512";
#elif defined __AVX2__
enum { WIDTH = 8 };
static const char *const PEER = "c-simd256";
#else
enum { WIDTH = 4 };
static const char *const PEER = "c-simd128";
#endif

// The compiler's own vectors: one instruction of the machine for each operation, SSE2 where nothing wider is asked for.
typedef uint32_t words __attribute__((vector_size(4 * WIDTH)));
typedef int32_t ints __attribute__((vector_size(4 * WIDTH)));
typedef float floats __attribute__((vector_size(4 * WIDTH)));

// All ones where the next sample is inside.
static inline __attribute__((always_inline)) ints next(words x[4], words y[4]) {
  floats u = __builtin_convertvector((ints)((x[0] + x[3]) >> 8), floats) * 0x1p-24f;
  floats v = __builtin_convertvector((ints)((y[0] + y[3]) >> 8), floats) * 0x1p-24f;
  STEP(x);
  STEP(y);
  return u * u + v * v <= 1;
}

// WIDTH / LANES blocks side by side, each with its four lanes.
static uint64_t count(const uint32_t key[2], uint64_t samples) {
  uint64_t inside = 0;
  for (uint64_t first = 0; first * BLOCK < samples; first += WIDTH / LANES) {
    words x[4], y[4];
    ints rows, counted = {0};
    int32_t whole = BLOCK, most = 0;
    for (uint32_t i = 0; i < WIDTH; i++) {
      uint64_t block = first + i / LANES, start = block * BLOCK + i % LANES;
      uint32_t a[4] = {i % LANES, 0, block, block >> 32}, b[4] = {i % LANES, 1, block, block >> 32};
      philox(a, key[0], key[1]);
      philox(b, key[0], key[1]);
      for (int w = 0; w < 4; w++) x[w][i] = a[w], y[w][i] = b[w];
      uint64_t mine = start < samples ? (samples - start + LANES - 1) / LANES : 0;
      rows[i] = mine < BLOCK / LANES ? mine : BLOCK / LANES;
      whole = rows[i] < whole ? rows[i] : whole;
      most = rows[i] > most ? rows[i] : most;
    }
    for (int32_t row = 0; row < whole; row++) counted -= next(x, y);
    // The end of the samples: lanes that have none left are masked.
    for (int32_t row = whole; row < most; row++) counted -= next(x, y) & (row < rows);
    for (int i = 0; i < WIDTH; i++) inside += counted[i];
  }
  return inside;
}

#endif

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

// The peak of this program alone: getrusage's ru_maxrss starts from the parent's.
static long peak_bytes(void) {
  long kib = 0;
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %ld", &kib) != 1);
  if (status) fclose(status);
  return kib * 1024;
}

static uint64_t integer(const char *name, const char *text, uint64_t least, uint64_t most) {
  char *end = "";
  uint64_t value = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : most + 1;
  if (*end || value < least || value > most) {
    fprintf(stderr, "pi.c: %s must be an integer from %llu to %llu, got %s.\n", name, (unsigned long long)least,
      (unsigned long long)most, text ? text : "nothing");
    exit(2);
  }
  return value;
}

int main(int argc, char **argv) {
  double begin = seconds(CLOCK_MONOTONIC);
  uint64_t samples = 10000000, repeats = 5, warm_up = 1000000;
  uint32_t key[2] = {1, 2};
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i], *text = argv[i + 1];
    if (!strcmp(name, "--samples")) samples = integer(name, text, 1, 1ull << 53);
    else if (!strcmp(name, "--repeats")) repeats = integer(name, text, 1, 1000);
    else if (!strcmp(name, "--warm-up")) warm_up = integer(name, text, 0, 1ull << 53);
    else if (!strcmp(name, "--workers")) integer(name, text, 1, 1); // one thread, and no promise of more
    else if (!strcmp(name, "--seed")) key[0] = integer(name, text, 0, UINT32_MAX), key[1] = 0;
    else if (!strcmp(name, "--key")) {
      key[0] = integer(name, text, 0, UINT32_MAX);
      key[1] = integer(name, text ? argv[++i + 1] : NULL, 0, UINT32_MAX);
    } else {
      fprintf(stderr, "pi.c: unknown option %s. "
        "Usage: pi [--samples N] [--repeats R] [--warm-up N] [--workers 1] [--seed S | --key K0 K1]\n", name);
      exit(2);
    }
    i++;
  }
  double wall[1000], cpu[1000], ready = seconds(CLOCK_MONOTONIC) - begin;
  uint64_t inside = count(key, warm_up < samples ? warm_up : samples);
  for (uint64_t r = 0; r < repeats; r++) {
    wall[r] = seconds(CLOCK_MONOTONIC), cpu[r] = seconds(CLOCK_PROCESS_CPUTIME_ID);
    inside = count(key, samples);
    wall[r] = seconds(CLOCK_MONOTONIC) - wall[r], cpu[r] = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu[r];
  }
  printf("{\"peer\": \"%s\", \"samples\": %llu, \"workers\": 1, \"inside\": %llu, \"pi\": %.17g, \"seconds\": [", PEER,
    (unsigned long long)samples, (unsigned long long)inside, 4.0 * inside / samples);
  for (uint64_t r = 0; r < repeats; r++) printf("%s%.9f", r ? ", " : "", wall[r]);
  printf("], \"cpuSeconds\": [");
  for (uint64_t r = 0; r < repeats; r++) printf("%s%.9f", r ? ", " : "", cpu[r]);
  printf("], \"startupSeconds\": %.9f, \"peakMemoryBytes\": %ld}\n", ready, peak_bytes());
}
