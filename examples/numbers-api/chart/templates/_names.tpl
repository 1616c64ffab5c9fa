{{- define "labels" -}}
{{ include "selector" . }}
app.kubernetes.io/version: {{ .Values.env.CI_COMMIT_TAG | default .Values.image.tag | default "unreleased" | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* A digest says exactly which image; a tag alone is what there is otherwise. */}}
{{- define "image" -}}
{{- $repository := required "image.repository is the image that the pipeline built" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ required "image.tag or image.digest says which image runs" .Values.image.tag }}
{{- end -}}
{{- end }}
