<?php
// GET /job-list in plain PHP. Debian has no library for JSON Web Tokens: HS256 by hash_hmac.

function decoded(string $text): ?string
{
    $bytes = base64_decode(strtr($text, '-_', '+/'), true);
    return $bytes === false ? null : $bytes;
}

function claims(string $token): ?array
{
    $parts = explode('.', $token);
    if (count($parts) !== 3) {
        return null;
    }
    [$header, $payload, $signature] = $parts;
    $algorithm = json_decode(decoded($header) ?? '', true)['alg'] ?? null;
    $expected = hash_hmac('sha256', "$header.$payload", $_SERVER['BENCH_SECRET'], true);
    if ($algorithm !== 'HS256' || !hash_equals($expected, decoded($signature) ?? '')) {
        return null;
    }
    $claims = json_decode(decoded($payload) ?? '', true);
    return ($claims['exp'] ?? 0) > time() ? $claims : null;
}

if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/job-list') {
    http_response_code(404);
    exit('not found');
}
$header = $_SERVER['HTTP_AUTHORIZATION'] ?? '';
$claims = str_starts_with($header, 'Bearer ') ? claims(substr($header, 7)) : null;
if ($claims === null) {
    http_response_code(401);
    exit('unauthorized');
}
// PHP keeps nothing from one request to the next.
$jobs = json_decode(file_get_contents($_SERVER['BENCH_JOBS']), true);
header('Content-Type: application/json');
echo json_encode($jobs[$claims['sub']] ?? []);
