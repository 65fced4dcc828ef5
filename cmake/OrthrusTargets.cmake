# One static library per folder of src/. `USES` names the folders whose headers it may include
# (transitively, as scripts/check verifies), `LINKS` the outside libraries it alone needs.

add_library(orthrus_flags INTERFACE)
target_include_directories(orthrus_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
# Designated initialisers leave defaults. nvcc's generated code is not for -Wconversion.
target_compile_options(orthrus_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wconversion;-Wshadow;-Wno-missing-field-initializers>"
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-missing-field-initializers>")
# GCC 12 warns of overlapping copies in its own std::string (PR 105329, 105651), and nothing of ours.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(orthrus_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(ORTHRUS_WERROR)
  target_compile_options(orthrus_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(ORTHRUS_SANITIZE)
  target_compile_options(orthrus_flags INTERFACE -fsanitize=${ORTHRUS_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(orthrus_flags INTERFACE -fsanitize=${ORTHRUS_SANITIZE})
endif()

# A folder without sources is left out, and so are those that use it.
function(orthrus_folder name)
  cmake_parse_arguments(ARG "COLD" "" "USES;LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cu)
  if(NOT ORTHRUS_CUDA_FOUND)
    list(FILTER sources EXCLUDE REGEX "/backend/cuda/")
  endif()
  list(TRANSFORM ARG_USES PREPEND orthrus_)
  foreach(used IN LISTS ARG_USES)
    if(NOT TARGET ${used})
      return()
    endif()
  endforeach()
  if(sources)
    add_library(orthrus_${name} STATIC ${sources})
    target_link_libraries(orthrus_${name} PUBLIC orthrus_flags ${ARG_USES} PRIVATE ${ARG_LINKS})
    # No loop over pixels or values in there: building them takes half the time.
    if(ARG_COLD)
      target_compile_options(orthrus_${name} PRIVATE -O1)
    endif()
  endif()
endfunction()
