# ficus_add_tests(<target> [THREADED])
#
# Makes a test program's cases known to CTest, one test a case, named "<target>: <sentence>".
# THREADED: the program runs several threads or starts ficus, so ThreadSanitizer shall see it too;
# `cmake --build --target threaded_tests` builds these, `ctest -L threaded` runs them.
# A case that prints "SKIPPED: " counts as skipped, not as passed.
include(Catch)

add_custom_target(threaded_tests)

function(ficus_add_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "THREADED" "" "")
  set(labels unit)
  if(arg_THREADED)
    set(labels threaded)
    add_dependencies(threaded_tests ${target})
  endif()
  target_link_libraries(${target} PRIVATE ficus_test_main)
  if(TARGET ficus_test_headers)
    target_precompile_headers(${target} REUSE_FROM ficus_test_headers)
  endif()
  # A name that CMake breaks in two, such as one with a semicolon, finds no case: that must fail.
  # Catch2 v3 does so by itself.
  if(Catch2_VERSION VERSION_LESS 3)
    set(unmatched EXTRA_ARGS --warn NoTests)
  endif()
  catch_discover_tests(${target} TEST_PREFIX "${target}: " ${unmatched}
    PROPERTIES LABELS ${labels} TIMEOUT 120 SKIP_REGULAR_EXPRESSION "SKIPPED: ")
endfunction()
