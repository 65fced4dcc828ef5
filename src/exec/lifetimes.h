// From when to when the buffers of a program are needed, and which of them can be one.
#pragma once

#include "exec/program.h"

namespace orthrus {

// Fills in the first and the last step that touch each buffer.
void find_lifetimes(Program& program);

// Lets a step write over what it reads for the last time, where its kernel can.
void merge_in_place(Program& program);

}  // namespace orthrus
