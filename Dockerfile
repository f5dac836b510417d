# The web page of condcolor, which has no password: publish it to this machine alone.
#   docker build -t condcolor .
#   docker run --rm -p 127.0.0.1:8750:8750 condcolor      then open http://127.0.0.1:8750
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml setup.py README.md LICENSE constraints.txt ./
COPY condcolor condcolor
RUN python -m venv /opt/condcolor \
    && /opt/condcolor/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 condcolor
COPY --from=build /opt/condcolor /opt/condcolor
ENV PATH=/opt/condcolor/bin:$PATH
USER 1000
WORKDIR /home/condcolor
EXPOSE 8750
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8750/api/health', timeout=4)"]
CMD ["condcolor", "serve", "--host", "0.0.0.0"]
