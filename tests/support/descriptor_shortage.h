#pragma once

#include "tests/support/catch.h"

// At the beginning of a test that leaves a process without descriptors. UBSan's check of virtual
// tables needs one itself, and reports what is sound without it.
#ifdef __SANITIZE_ADDRESS__
#define FICUS_NEEDS_NO_SANITIZER()                        \
  do {                                                    \
    WARN("SKIPPED: not with AddressSanitizer and UBSan"); \
    return;                                               \
  } while (false)
#else
#define FICUS_NEEDS_NO_SANITIZER() \
  do {                             \
  } while (false)
#endif
