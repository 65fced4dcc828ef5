#include "backend/cpu/convolution_choice.h"

#include "backend/cpu/dnnl_step.h"

namespace orthrus::cpu {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using ConvolutionForward = dnnl::convolution_forward;
using ConvolutionBackwardData = dnnl::convolution_backward_data;
using ConvolutionBackwardWeights = dnnl::convolution_backward_weights;

// The problem in oneDNN's terms; weights and their gradient in any layout.
struct ConvolutionProblem {
  memory::dims strides, dilates, pad_left, pad_right;
  memory::desc src, weights, weights_gradient, bias, dst;
  bool has_bias = false;
  dnnl::post_ops after;  // what the convolution does to its sums before it writes them
};

// Padding behind the last pixel that makes the output as large as the graph says; negative where
// the last pixels are not used.
memory::dim pad_behind(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilate,
                       int64_t pad) {
  return (out - 1) * stride + (kernel - 1) * dilate + 1 - in - pad;
}

ConvolutionProblem problem_of(const KernelRequest& request, const memory::desc& src,
                              const memory::desc& dst) {
  const auto& op = std::get<Convolution>(request.node.op);
  const Shape& in = request.inputs[0].shape;
  const Shape& out = request.output.shape;
  ConvolutionProblem problem;
  problem.strides = {op.stride.h, op.stride.w};
  problem.dilates = {op.dilate.h - 1, op.dilate.w - 1};
  problem.pad_left = {op.pad.h, op.pad.w};
  problem.pad_right = {pad_behind(in[2], out[2], op.kernel.h, op.stride.h, op.dilate.h, op.pad.h),
                       pad_behind(in[3], out[3], op.kernel.w, op.stride.w, op.dilate.w, op.pad.w)};
  memory::dims weights = {op.num_filter, in[1] / op.num_group, op.kernel.h, op.kernel.w};
  if (op.num_group > 1) {
    weights[0] /= op.num_group;
    weights.insert(weights.begin(), op.num_group);
  }
  problem.src = src;
  problem.weights = {weights, src.data_type(), memory::format_tag::any};
  problem.weights_gradient = {weights, memory::data_type::f32, memory::format_tag::any};
  problem.dst = dst;
  problem.has_bias = op.has_bias;
  if (op.has_bias) problem.bias = plain_memory_desc({op.num_filter});
  if (op.fused_add) problem.after.append_sum(1.0f);
  if (op.fused_relu) problem.after.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
  return problem;
}

ConvolutionForward::primitive_desc forward_desc(CpuBackend& backend, const ConvolutionProblem& p,
                                                algorithm how) {
  // forward_training even for inference: with forward_inference oneDNN 2.6 prefers row-major
  // kernels and, for Winograd, weights transformed beforehand.
  const auto kind = dnnl::prop_kind::forward_training;
  const ConvolutionForward::desc desc =
      p.has_bias ? ConvolutionForward::desc(kind, how, p.src, p.weights, p.bias, p.dst, p.strides,
                                            p.dilates, p.pad_left, p.pad_right)
                 : ConvolutionForward::desc(kind, how, p.src, p.weights, p.dst, p.strides,
                                            p.dilates, p.pad_left, p.pad_right);
  dnnl::primitive_attr attributes = with_user_scratch();
  attributes.set_post_ops(p.after);
  return {desc, attributes, backend.engine(), true};
}

ConvolutionBackwardData::primitive_desc data_desc(CpuBackend& backend, const ConvolutionProblem& p,
                                                  algorithm how,
                                                  const ConvolutionForward::primitive_desc& hint) {
  const ConvolutionBackwardData::desc desc(how, p.src, p.weights, p.dst, p.strides, p.dilates,
                                           p.pad_left, p.pad_right);
  return {desc, with_user_scratch(), backend.engine(), hint, true};
}

ConvolutionBackwardWeights::primitive_desc weights_desc(
    CpuBackend& backend, const ConvolutionProblem& p, algorithm how,
    const ConvolutionForward::primitive_desc& hint) {
  const ConvolutionBackwardWeights::desc desc =
      p.has_bias ? ConvolutionBackwardWeights::desc(how, p.src, p.weights_gradient, p.bias, p.dst,
                                                    p.strides, p.dilates, p.pad_left, p.pad_right)
                 : ConvolutionBackwardWeights::desc(how, p.src, p.weights_gradient, p.dst,
                                                    p.strides, p.dilates, p.pad_left, p.pad_right);
  return {desc, with_user_scratch(), backend.engine(), hint, true};
}

// The gradient of a picture of three channels: in channel blocks oneDNN has plain loops alone for
// it, in row-major layout a matrix product.
ConvolutionBackwardData::primitive_desc row_major_data_desc(CpuBackend& backend,
                                                            ConvolutionProblem problem) {
  problem.src = plain_memory_desc(problem.src.dims(), problem.src.data_type());
  problem.dst = plain_memory_desc(problem.dst.dims(), problem.dst.data_type());
  const ConvolutionForward::primitive_desc hint =
      forward_desc(backend, problem, algorithm::convolution_direct);
  if (!hint) return {};
  return data_desc(backend, problem, algorithm::convolution_direct, hint);
}

}  // namespace

Refusal choose_convolution(CpuBackend& backend, const KernelRequest& request,
                           const memory::desc& src, const memory::desc& dst, bool winograd,
                           ConvolutionDirections& chosen) {
  if (std::get<Convolution>(request.node.op).fused() && request.any_gradient()) {
    return "no gradients of a fused convolution";
  }
  const ConvolutionProblem problem = problem_of(request, src, dst);
  const ConvolutionForward::primitive_desc direct =
      forward_desc(backend, problem, algorithm::convolution_direct);
  if (!direct) return "oneDNN does not support this shape";
  ConvolutionForward::primitive_desc tiled;
  if (winograd) {
    tiled = forward_desc(backend, problem, algorithm::convolution_winograd);
    if (!tiled) return "oneDNN has no Winograd kernel for this shape";
  }
  chosen.forward = winograd ? tiled : direct;
  if (is_reference(chosen.forward.impl_info_str()))
    return "oneDNN has plain loops only for forward";
  if (!request.any_gradient()) return {};
  const algorithm how = winograd ? algorithm::convolution_winograd : algorithm::convolution_direct;
  const ConvolutionForward::primitive_desc& hint = chosen.forward;
  if (request.input_gradients[0]) {
    chosen.data = data_desc(backend, problem, how, hint);
    if (!chosen.data) {
      chosen.data = data_desc(backend, problem, algorithm::convolution_direct, direct);
    }
    if (!chosen.data || is_reference(chosen.data.impl_info_str())) {
      chosen.data = row_major_data_desc(backend, problem);
    }
    if (!chosen.data) return "oneDNN does not support the gradient of the data";
    if (is_reference(chosen.data.impl_info_str())) {
      return "oneDNN has plain loops only for the gradient of the data";
    }
  }
  if (request.input_gradients[1] || (problem.has_bias && request.input_gradients[2])) {
    chosen.weights = weights_desc(backend, problem, how, hint);
    if (!chosen.weights) {
      chosen.weights = weights_desc(backend, problem, algorithm::convolution_direct, direct);
    }
    if (!chosen.weights) return "oneDNN does not support the gradient of the weights";
    if (is_reference(chosen.weights.impl_info_str())) {
      return "oneDNN has plain loops only for the gradient of the weights";
    }
  }
  return {};
}

}  // namespace orthrus::cpu
