/* A CUDA driver and runtime for a machine without a device, to be loaded before the real ones.
 *
 * GeNN asks for a device before it writes code for it. It is told of one of compute capability 8.0,
 * with the properties that it reads. The driver's functions are there to be linked with; nothing
 * can run.
 */
#include <cuda.h>
#include <cuda_runtime.h>
#include <string.h>

cudaError_t cudaGetDeviceCount(int *count) {
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
    return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t cudaDeviceGetPCIBusId(char *address, int length, int device) {
    strncpy(address, "0000:00:00.0", length);
    return cudaSetDevice(device);
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device) {
    memset(properties, 0, sizeof *properties);
    properties->major = 8;
    properties->totalConstMem = 65536;
    properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = 1024;
    properties->maxThreadsDim[2] = 64;
    properties->maxGridSize[0] = 2147483647;
    properties->maxGridSize[1] = properties->maxGridSize[2] = 65535;
    return cudaSetDevice(device);
}

#define ABSENT(function, ...) \
    extern "C" CUresult function(__VA_ARGS__) { return CUDA_ERROR_NO_DEVICE; }

ABSENT(cuDeviceGet, CUdevice *device, int ordinal)
#if CUDA_VERSION >= 13000
ABSENT(cuCtxCreate, CUcontext *context, CUctxCreateParams *params, unsigned flags, CUdevice device)
#endif
#undef cuCtxCreate
ABSENT(cuCtxCreate_v2, CUcontext *context, unsigned flags, CUdevice device)
ABSENT(cuCtxDestroy, CUcontext context)
ABSENT(cuCtxSetCurrent, CUcontext context)
ABSENT(cuModuleLoad, CUmodule *module, const char *name)
ABSENT(cuModuleUnload, CUmodule module)
ABSENT(cuModuleGetFunction, CUfunction *function, CUmodule module, const char *name)
ABSENT(cuFuncGetAttribute, int *value, CUfunction_attribute attribute, CUfunction function)

CUresult cuGetErrorName(CUresult error, const char **name) {
    *name = "no driver";
    return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **text) { return cuGetErrorName(error, text); }
