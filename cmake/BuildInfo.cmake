# The version and revision that --version and ficus_build_info print.
find_program(GIT_PROGRAM git)
set(FICUS_REVISION "unknown")
if(GIT_PROGRAM)
  # safe.directory: a checkout that belongs to another user is read all the same.
  execute_process(COMMAND ${GIT_PROGRAM} -c safe.directory=${PROJECT_SOURCE_DIR}
    -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(FICUS_REVISION ${revision})
  endif()
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/build_info.h.in ${PROJECT_BINARY_DIR}/generated/build_info.h @ONLY)
