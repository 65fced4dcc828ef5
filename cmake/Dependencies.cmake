# Every library comes from a Debian package; scripts/install-deps lists them.

find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(JPEG REQUIRED)
find_package(Threads REQUIRED)

# Packages without a usable CMake file of their own (that of libdnnl-dev asks for OpenCL).
function(orthrus_find_library target header library)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY NAMES ${library} REQUIRED)
  add_library(orthrus::${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(orthrus::${target} SYSTEM INTERFACE ${${target}_INCLUDE})
  target_link_libraries(orthrus::${target} INTERFACE ${${target}_LIBRARY})
endfunction()

orthrus_find_library(dnnl oneapi/dnnl/dnnl.hpp dnnl)
orthrus_find_library(spng spng.h spng)
orthrus_find_library(muparser muParser.h muparser)
orthrus_find_library(webp webp/decode.h webp)

find_path(XXHASH_INCLUDE xxhash.h REQUIRED)
