# Everything comes from the distribution's packages.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS url)
find_package(OpenSSL 3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
# Debian 12 ships no CMake package for RE2; later ones need the Abseil libraries that re2.pc names.
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
# Only -pthread, which would part the precompiled headers of who links RE2 from those of who does not.
set_property(TARGET PkgConfig::RE2 PROPERTY INTERFACE_COMPILE_OPTIONS "")
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

add_library(ficus_boost INTERFACE)
target_link_libraries(ficus_boost INTERFACE Boost::headers Boost::url Threads::Threads)
target_compile_definitions(ficus_boost INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
