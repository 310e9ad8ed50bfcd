# Compiler flags shared by every target. Presets choose sanitizers and LTO through FICUS_* options.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(FICUS_WERROR "Treat warnings as errors" OFF)
option(FICUS_LTO "Link-time optimisation" OFF)
option(FICUS_FUZZ "Build the fuzz targets (clang, libFuzzer)" OFF)
option(FICUS_COVERAGE "Instrument for coverage" OFF)
set(FICUS_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

add_library(ficus_flags INTERFACE)
target_include_directories(ficus_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(ficus_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${FICUS_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  # It suspects every reference that a function of a temporary returns, those into longer-lived trees too.
  target_compile_options(ficus_flags INTERFACE -Wno-dangling-reference)
endif()

if(FICUS_SANITIZE)
  add_compile_options(-fsanitize=${FICUS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${FICUS_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function)  # clang 14 miscompiles coroutines with it
  endif()
  if(FICUS_SANITIZE MATCHES "thread")
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)  # g++ 12 TSan knows no stand-alone fence
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-Wno-tsan)
    endif()
  endif()
endif()
if(FICUS_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(FICUS_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Sloppiness lets precompiled headers be cached; the base directory lets several trees share objects.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()
