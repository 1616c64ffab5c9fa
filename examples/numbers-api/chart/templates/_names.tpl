{{- define "labels" -}}
{{ include "selector" . }}
app.kubernetes.io/version: {{ .Values.env.CI_COMMIT_TAG | default (splitList "@" .Values.image.tag | first) | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "image" -}}
{{ required "image.repository is the image that the pipeline built" .Values.image.repository -}}
:{{ required "image.tag says which image runs: TAG, or TAG@DIGEST" .Values.image.tag }}
{{- end }}
