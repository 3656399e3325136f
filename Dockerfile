# One image for web, worker and beat: compose.yaml shows the command of each.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /app

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY . .
# collectstatic needs settings, but uses neither the key nor the database.
RUN SECRET_KEY=only-to-build DATABASE_URL=sqlite:////tmp/none python manage.py collectstatic --no-input

RUN useradd --uid 1000 --no-create-home restage && install -d -o restage /media
USER restage
ENV MEDIA_ROOT=/media
VOLUME /media

EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000"]
