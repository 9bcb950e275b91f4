# docker build -t compassion-bot .
# docker run --env-file .env -v compassion-bot:/data -v compassion-bot-ledger:/ledger -v /path/to/key:/run/secrets/bot_data_key:ro compassion-bot
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
    && pip install --no-cache-dir --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY prompts prompts
RUN python -m hatchling build -t wheel -d dist \
    && /venv/bin/pip install --no-cache-dir --no-deps --no-index dist/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home bot \
    && install --directory --owner bot --mode 700 /data /ledger
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BOT_LISTEN=127.0.0.1:8080 \
    BOT_DATA=/data \
    BOT_DATA_KEY_FILE=/run/secrets/bot_data_key \
    BOT_LEDGER_FILE=/ledger/forgotten
VOLUME ["/data", "/ledger"]
USER 10001
HEALTHCHECK --start-period=30s CMD ["compassion-bot", "health"]
ENTRYPOINT ["compassion-bot"]
CMD ["run"]
